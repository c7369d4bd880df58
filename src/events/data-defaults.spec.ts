import { describe, expect, it } from 'vitest';
import { DataDefaults } from './data-defaults.js';
import { type Data, JsonWriter } from './rules/index.js';

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The fields that data lacks, as text. */
function completed(
  defaults: DataDefaults,
  data: Record<string, unknown> = {},
  createdAt = 0,
) {
  const json = new JsonWriter();
  json.begin();
  const id = defaults.complete(data, createdAt, json);
  return { id, text: json.end() };
}

const defaultsOf = (fields: Data, stampTime = false) =>
  new DataDefaults(fields, stampTime);

describe('the defaults of data', () => {
  it('are an id and the fields', () => {
    const { id, text } = completed(defaultsOf({ shop: 'de', n: 1, no: null }));
    expect(id).toMatch(ID);
    expect(text).toBe(`{"idempotence_id":"${id}","shop":"de","n":1,"no":null}`);
  });

  it('have another id each time, whether all or some are needed', () => {
    const defaults = defaultsOf({ shop: 'de' });
    const ids = [{}, {}, { shop: 1 }, { shop: 1 }].map((data) => {
      const { id, text } = completed(defaults, data);
      expect(text).toContain(`"idempotence_id":"${id}"`);
      return id;
    });
    expect(new Set(ids).size).toBe(4);
  });

  it('hold the time in seconds, as it goes on', () => {
    const defaults = defaultsOf({ shop: 'de' }, true);
    const at = (now: number, data = {}) => completed(defaults, data, now).text;
    expect(at(0)).toContain('"ts":0,"shop"');
    expect(at(1999)).toContain('"ts":1,"shop"');
    expect(at(1000)).toContain('"ts":1,"shop"');
    expect(at(2000)).toContain('"ts":2,"shop"');
    expect(at(3000, { shop: 1 })).toMatch(/"ts":3}$/);
    expect(completed(defaultsOf({ shop: 'de' }), {}, 5000).text).not.toContain(
      'ts',
    );
  });

  it('leave out what data has, and stand in for what is undefined', () => {
    const defaults = defaultsOf({ shop: 'de', n: 1 });
    expect(completed(defaults, { shop: 'fr', other: 1 }).text).toMatch(
      /^{"idempotence_id":"[^"]+","n":1}$/,
    );
    expect(completed(defaults, { shop: null }).text).not.toContain('shop');
    expect(completed(defaults, { shop: undefined }).text).toContain(
      '"shop":"de","n":1',
    );
    expect(completed(defaults, { idempotence_id: undefined }).text).toMatch(
      /^{"idempotence_id":"[-\da-f]{36}"/,
    );
  });

  it('keep the id that data has', () => {
    const defaults = defaultsOf({ shop: 'größe' });
    expect(completed(defaults, { idempotence_id: 'mine' })).toEqual({
      id: 'mine',
      text: '{"shop":"größe"}',
    });
    const half = completed(defaults, { idempotence_id: 'a\ud800' });
    expect(half.id).toBe('a\ufffd');
    expect(completed(defaults, { idempotence_id: 5 }).id).toBe('');
  });

  it('need not be ASCII, neither their names nor their values', () => {
    const foreign: Data[] = [{ größe: 1 }, { city: '東京' }, { 東: '😀' }];
    for (const fields of foreign) {
      const rest = JSON.stringify(fields).slice(1);
      expect(completed(defaultsOf(fields)).text).toMatch(
        new RegExp(`^{"idempotence_id":"[-\\da-f]{36}",${rest}$`),
      );
      const some = defaultsOf({ ...fields, shop: 'de' });
      expect(completed(some, { shop: 1 }).text).toContain(rest);
    }
  });
});
