import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DATAFILE_VARIABLES } from '../../src/config/datafile-from-environment.js';
import { VARIABLE_OF, VARIABLES } from '../../src/config/environment.js';
import {
  OdpDeliveryOptions,
  OdpRetryOptions,
} from '../../src/delivery/index.js';
import { OptimizelyOdpModuleOptions } from '../../src/module/index.js';
import { OdpDeadLetterOptions } from '../../src/outbox/index.js';
import { OdpSegmentsOptions } from '../../src/segments/index.js';

const page = readFileSync(
  new URL('../../docs/configuration.md', import.meta.url),
  'utf8',
);

/** The cells of the table that begins with this heading. */
function tableOf(heading: string): string[][] {
  const lines = page.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`| ${heading}`)) + 2;
  const to = lines.findIndex((line, i) => i > from && !line.startsWith('|'));
  return lines
    .slice(from, to)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** What is set unless another value is given: the classes of the options. */
const { delivery: _, ...plain } = new OptimizelyOdpModuleOptions();
const options: Record<string, unknown> = {
  ...plain,
  segments: new OdpSegmentsOptions(),
  deadLetters: new OdpDeadLetterOptions(),
  ...Object.fromEntries(
    Object.entries({
      ...new OdpDeliveryOptions(),
      retry: new OdpRetryOptions(),
    }).map(([name, value]) => [`delivery.${name}`, value]),
  ),
};

describe('the options table of docs/configuration.md', () => {
  const rows = tableOf('option ').map(
    ([name = '', standard = '']) =>
      [name.replaceAll('`', ''), standard] as const,
  );

  it('has every option of the classes, and no other', () => {
    expect(rows.map(([name]) => name).toSorted()).toEqual(
      Object.keys(options).toSorted(),
    );
  });

  it.each(rows.filter(([name]) => options[name] !== undefined))(
    'names the default of %s: %s',
    (name, standard) => {
      const value = options[name];
      const shown =
        typeof value === 'object' ? group(value ?? {}) : literal(value);
      expect(standard).toBe(`\`${shown}\``);
    },
  );
});

/** As the docs write a value. */
const literal = (value: unknown) =>
  typeof value === 'string' ? `'${value}'` : String(value);

const group = (value: object) => {
  const fields = Object.entries(value).map(
    ([key, field]) => `${key}: ${literal(field)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
};

describe('the variables', () => {
  it('stand in docs/configuration.md, every one and no other', () => {
    const documented = tableOf('variables').flatMap(([names = '']) =>
      names.split(', ').map((name) => name.replaceAll('`', '')),
    );
    expect(documented.toSorted()).toEqual(
      [...VARIABLES, ...DATAFILE_VARIABLES].toSorted(),
    );
  });

  it('set every option that is a plain value', () => {
    /** Code, or an object of code's. */
    const others = new Set([
      'integration',
      'http',
      'identity',
      'beforeSend',
      'outbox',
    ]);
    const expected = Object.entries(options).flatMap(([name, value]) => {
      if (others.has(name)) return [];
      if (typeof value !== 'object') return [name];
      if (name === 'commonData' || name === 'delivery.retry') return [];
      return Object.keys(value as object).map((key) => `${name}.${key}`);
    });
    expect(Object.keys(VARIABLE_OF).toSorted()).toEqual(expected.toSorted());
  });
});
