import { validateSync, type ValidationOptions } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_LENGTH, TOO_LONG } from '../rules/length.js';
import { IsOdpData } from './is-odp-data.decorator.js';
import { IsOdpIdentifiers } from './is-odp-identifiers.decorator.js';

type Decorate = (options?: ValidationOptions) => PropertyDecorator;

/** What class-validator says of a property, by the name of the rule. */
function saidOf(
  decorate: Decorate,
  value: unknown,
  options?: ValidationOptions,
): Record<string, string> {
  class Holder {
    traits = value;
  }
  decorate(options)(Holder.prototype, 'traits');
  const [error] = validateSync(new Holder());
  return error?.constraints ?? {};
}

const half = 'x'.repeat(MAX_EVENT_LENGTH / 2);

describe.each([
  ['IsOdpData', IsOdpData, 'isOdpData', { plan: 5 }],
  ['IsOdpIdentifiers', IsOdpIdentifiers, 'isOdpIdentifiers', { vuid: 'v' }],
] as [string, Decorate, string, object][])(
  '%s',
  (_, decorate, rule, allowed) => {
    it('has nothing to say of what an event may hold', () => {
      expect(saidOf(decorate, allowed)).toEqual({});
      expect(saidOf(decorate, [allowed, allowed], { each: true })).toEqual({});
    });

    it('says everything that is wrong, and where', () => {
      const { [rule]: said } = saidOf(decorate, { a: [], b: [] });
      expect(said).toMatch(/^traits\.a must be .*; traits\.b must be /);
    });

    it('tells an item by its place in a list', () => {
      const { [rule]: said } = saidOf(decorate, [allowed, { a: [] }], {
        each: true,
      });
      expect(said).toMatch(/^traits\[1\]\.a must be /);
    });

    it('takes a list for one value unless each is set', () => {
      const { [rule]: said } = saidOf(decorate, [allowed]);
      expect(said).toBe('traits must be an object of fields and values');
    });

    it('takes a single value under each, too', () => {
      const { [rule]: said } = saidOf(decorate, 'text', { each: true });
      expect(said).toBe('traits must be an object of fields and values');
    });

    it('refuses fields that together are too long for an event', () => {
      expect(saidOf(decorate, { a: half })).toEqual({});
      expect(saidOf(decorate, { a: half, b: half })).toEqual({
        [rule]: `traits ${TOO_LONG}`,
      });
    });

    it('says of what is broken and too long only what is broken', () => {
      const { [rule]: said } = saidOf(decorate, { a: half, b: half, c: [] });
      expect(said).toMatch(/^traits\.c must be /);
      expect(said).not.toContain(TOO_LONG);
    });

    it("says the app's own message instead", () => {
      expect(saidOf(decorate, [], { message: 'not so' })).toEqual({
        [rule]: 'not so',
      });
    });
  },
);
