import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from './json-writer.js';
import { MAX_EVENT_LENGTH } from './length.js';
import { isFieldName } from './text.js';

const RUNS = { numRuns: 1000 };

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('"', '\\', '\0', '\u001f', ' ', '~', '\u007f', '\u0080', 'ü'),
);
const name = text.filter(isFieldName);
const scalar = fc.oneof(
  text,
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 1e21, 1e-7),
);
const fields = fc.dictionary(name, scalar);

const write = (
  json: JsonWriter,
  object: Readonly<
    Record<string, string | number | boolean | null | undefined>
  >,
) => {
  json.begin();
  for (const key of Object.keys(object)) {
    expect(json.field(key, object[key])).toBe(true);
  }
  return json.end();
};

describe('JsonWriter', () => {
  // JSON.parse of Node 24.21 and 26.10 misreads a name that begins with an
  // escape and comes after one that is a lone quote or backslash.
  it.each(['"', '\\'])('writes names as they are after %j', (first) => {
    const json = new JsonWriter();
    const object = { [first]: 1, ü: 2, 日本: 3, ['é'.repeat(100)]: 4, x: 5 };
    for (let run = 0; run < 3; run++) {
      const written = write(json, object) ?? '';
      expect(written).not.toContain('\\u');
      expect(Object.entries(JSON.parse(written) as object)).toEqual(
        Object.entries(object),
      );
    }
    expect(write(json, { a: 1 })).toBe('{"a":1}');
  });

  it('copies fields that are not ASCII', () => {
    const json = new JsonWriter();
    json.begin();
    json.written(Buffer.from('"größe":"日本",'), false);
    expect(json.end()).toBe('{"größe":"日本"}');
  });

  it('writes objects and lists within', () => {
    const json = new JsonWriter();
    json.begin();
    json.open('a');
    json.close();
    json.open('b');
    json.field('x', 1);
    json.openList('c');
    json.open();
    json.close();
    json.open();
    json.field('y', 'ü');
    json.close();
    json.closeList();
    json.openList('d');
    json.closeList();
    json.written(Buffer.from('"z":[1]'), true);
    json.written(Buffer.from(''), true);
    json.close();
    json.field('e', false);
    expect(json.end()).toBe(
      '{"a":{},"b":{"x":1,"c":[{},{"y":"ü"}],"d":[],"z":[1]},"e":false}',
    );
  });

  it('grows with what is written, whatever it takes in UTF-8', () => {
    const json = new JsonWriter();
    for (const unit of ['a', 'ü', '日', '😀', '"', '\0']) {
      for (const length of [1000, 1010, 1024, 4000, 4090, 4096, 5000, 30_000]) {
        const object = { before: 1, long: unit.repeat(length), after: 'x' };
        expect(write(json, object)).toBe(JSON.stringify(object));
      }
    }
  });

  it('grows wherever it is full', () => {
    for (let length = 970; length < 1030; length++) {
      const long = 'x'.repeat(length);
      const json = new JsonWriter();
      json.begin();
      json.field('long', long);
      json.open('o');
      json.close();
      json.openList('l');
      json.open();
      json.close();
      json.closeList();
      json.written(Buffer.from('"w":[1],'), true);
      expect(json.end()).toBe(JSON.stringify({ long, o: {}, l: [{}], w: [1] }));
    }
  });

  it('reports what is too long, and goes on with the next', () => {
    const json = new JsonWriter();
    const frame = JSON.stringify({ a: '' }).length;
    for (const unit of ['a', '日']) {
      const most = unit.repeat(MAX_EVENT_LENGTH - frame);
      expect(write(json, { a: most })).toBe(JSON.stringify({ a: most }));
      expect(write(json, { a: most + unit })).toBeUndefined();
      expect(write(json, { a: most, b: most, c: most, d: 1 })).toBeUndefined();
      const endless = unit.repeat(4 * MAX_EVENT_LENGTH);
      expect(write(json, { a: endless, b: 1 })).toBeUndefined();
      expect(write(json, { a: 1 })).toBe('{"a":1}');
    }
  });

  it('takes no more memory for what is too long, however much it is', () => {
    const json = new JsonWriter();
    const long = 'x'.repeat(MAX_EVENT_LENGTH);
    const before = process.memoryUsage().arrayBuffers;
    json.begin();
    for (let i = 0; i < 50; i++) json.field(`a${i}`, long);
    const { arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers - before).toBeLessThan(10 * MAX_EVENT_LENGTH);
    expect(json.end()).toBeUndefined();
  });

  it.each(['', ' ', '\u2003', '__proto__', '\ud800', 'a\udfff'])(
    'takes no field named %j, whether it has a value or none',
    (bad) => {
      const json = new JsonWriter();
      json.begin();
      expect(json.field(bad, 1)).toBe(false);
      expect(json.field(bad, undefined)).toBe(false);
      expect(json.field('good', 1)).toBe(true);
      expect(json.end()).toBe('{"good":1}');
    },
  );

  it('writes names that it has no capacity to remember', () => {
    const json = new JsonWriter();
    for (let i = 0; i < 3000; i++) {
      expect(write(json, { [`name${i}`]: i })).toBe(`{"name${i}":${i}}`);
    }
    expect(write(json, { name2999: 1, name0: 2 })).toBe(
      '{"name2999":1,"name0":2}',
    );
  });

  it('writes what JSON.stringify writes, event after event', () => {
    const json = new JsonWriter();
    fc.assert(
      fc.property(fields, (object) => {
        const written = write(json, object);
        expect(JSON.parse(written ?? '')).toEqual(
          JSON.parse(JSON.stringify(object)),
        );
      }),
      RUNS,
    );
  });
});
