import { describe, expect, it } from 'vitest';
import type { OdpViolation } from '../errors/index.js';
import { OptionReader } from './option-reader.js';

const KEY = 'W4WzcEs-ABgXorzY7h1LCQ';

class Options {
  readonly on: boolean = true;
  readonly factor: number = 2;
  readonly count: number = 5;
  readonly most: number = 3;
  readonly delay: number | string = '1s';
  readonly bytes: number | string = '1kb';
  readonly region?: string | undefined = undefined;
}

function read(given: unknown, path = 'group') {
  const problems: OdpViolation[] = [];
  const options = new OptionReader(given, path, new Options(), problems);
  const values = {
    on: options.flag('on'),
    factor: options.number('factor', 1),
    count: options.integer('count', 1),
    most: options.integer('most', 1, 9),
    delay: options.duration('delay', 10),
    bytes: options.size('bytes', 100),
    region: options.oneOf('region', ['us', 'EU']),
  };
  options.refuseUnknown();
  return {
    values,
    problems: problems.map(({ path: at, message }) => `${at} ${message}`),
  };
}

const DEFAULTS = {
  on: true,
  factor: 2,
  count: 5,
  most: 3,
  delay: 1000,
  bytes: 1024,
  region: undefined,
};

describe('a group of options', () => {
  it.each([undefined, null, {}, { on: undefined, count: null }])(
    'is its defaults if %j is given',
    (given) => {
      expect(read(given)).toEqual({ values: DEFAULTS, problems: [] });
    },
  );

  it.each<[object, object]>([
    [{ on: false }, { on: false }],
    [{ factor: 1 }, { factor: 1 }],
    [{ factor: 1.5 }, { factor: 1.5 }],
    [{ count: 1 }, { count: 1 }],
    [{ count: 1e9 }, { count: 1e9 }],
    [{ most: 9 }, { most: 9 }],
    [{ most: 1 }, { most: 1 }],
    [{ delay: 10 }, { delay: 10 }],
    [{ delay: '5m' }, { delay: 300_000 }],
    [{ bytes: 100 }, { bytes: 100 }],
    [{ bytes: '2mb' }, { bytes: 2_097_152 }],
    [{ region: 'us' }, { region: 'us' }],
    [{ region: ' Eu ' }, { region: 'EU' }],
  ])('takes %j', (given, values) => {
    expect(read(given)).toEqual({
      values: { ...DEFAULTS, ...values },
      problems: [],
    });
  });

  it.each<[object, string]>([
    [{ on: 'yes' }, 'group.on must be true or false (it is "yes")'],
    [{ on: 1 }, 'group.on must be true or false (it is 1)'],
    [
      { factor: 0.9 },
      'group.factor must be a number of at least 1 (it is 0.9)',
    ],
    [
      { factor: Infinity },
      'group.factor must be a number of at least 1 (it is Infinity)',
    ],
    [
      { factor: '2' },
      'group.factor must be a number of at least 1 (it is "2")',
    ],
    [
      { count: 0 },
      'group.count must be a whole number of at least 1 (it is 0)',
    ],
    [
      { count: 1.5 },
      'group.count must be a whole number of at least 1 (it is 1.5)',
    ],
    [
      { count: [5] },
      'group.count must be a whole number of at least 1 (it is a list)',
    ],
    [{ most: 10 }, 'group.most must be a whole number from 1 to 9 (it is 10)'],
    [
      { most: {} },
      'group.most must be a whole number from 1 to 9 (it is an object)',
    ],
    [
      { delay: 9 },
      "group.delay must be ms or a string such as '30s', at least 10 ms (it is 9)",
    ],
    [
      { delay: 'soon' },
      'group.delay must be ms or a string such as \'30s\', at least 10 ms (it is "soon")',
    ],
    [
      { bytes: 99 },
      "group.bytes must be bytes or a string such as '1mb', at least 100 bytes (it is 99)",
    ],
    [
      { bytes: false },
      "group.bytes must be bytes or a string such as '1mb', at least 100 bytes (it is false)",
    ],
    [
      { region: 'A' },
      'group.region must be one of us, EU (it is a text of 1 character)',
    ],
    [{ region: 'euu' }, 'group.region must be one of us, EU (it is "euu")'],
    [
      { region: KEY },
      `group.region must be one of us, EU (it is a text of ${KEY.length} characters)`,
    ],
    [
      { on: KEY },
      `group.on must be true or false (it is a text of ${KEY.length} characters)`,
    ],
    [{ on: 'treu' }, 'group.on must be true or false (it is "treu")'],
    [
      { delay: KEY },
      `group.delay must be ms or a string such as '30s', at least 10 ms (it is a text of ${KEY.length} characters)`,
    ],
    [
      { delay: '+4917012345678' },
      "group.delay must be ms or a string such as '30s', at least 10 ms (it is a text of 14 characters)",
    ],
    [
      { delay: '30 sec' },
      `group.delay must be ms or a string such as '30s', at least 10 ms (it is "30 sec")`,
    ],
    [
      { delay: '-1h' },
      `group.delay must be ms or a string such as '30s', at least 10 ms (it is "-1h")`,
    ],
    [
      { bytes: '1,5 MB' },
      `group.bytes must be bytes or a string such as '1mb', at least 100 bytes (it is "1,5 MB")`,
    ],
    [
      { region: () => 'us' },
      'group.region must be one of us, EU (it is a function)',
    ],
  ])('refuses %o', (given, problem) => {
    expect(read(given).problems).toEqual([problem]);
  });

  it('reports every problem', () => {
    expect(read({ on: 5, count: 'many', most: 0 }).problems).toHaveLength(3);
  });

  it.each([
    [5, '5'],
    ['text', '"text"'],
    [[], 'a list'],
    [true, 'true'],
    [() => {}, 'a function'],
  ])('must be an object, which %o is not', (given, shown) => {
    expect(read(given)).toEqual({
      values: DEFAULTS,
      problems: [`group must be an object of options (it is ${shown})`],
    });
  });
});

describe('the options of the module', () => {
  it.each([undefined, null])(
    'must not be %j, as a factory gives it',
    (given) => {
      expect(read(given, '').problems).toEqual([
        'options are missing: the options factory returned nothing',
      ]);
    },
  );

  it('are named without a group', () => {
    expect(read({ on: 5 }, '').problems).toEqual([
      'on must be true or false (it is 5)',
    ]);
    expect(read(5, '').problems).toEqual([
      'options must be an object of options (it is 5)',
    ]);
  });
});

describe('an unknown option', () => {
  const NAMES = 'on, factor, count, most, delay, bytes, region';

  it.each([
    ['DELAY', 'delay'],
    ['dely', 'delay'],
    ['delays', 'delay'],
    ['deloy', 'delay'],
    ['regoin', 'region'],
    ['edlay', 'delay'],
    ['Faktor', 'factor'],
  ])('%s: says that %s was probably meant', (name, meant) => {
    expect(read({ [name]: 1 }).problems).toEqual([
      `group.${name} is not an option; ${meant} is probably meant (there are ${NAMES})`,
    ]);
  });

  it.each(['toString', '__proto__x', 'x', ''])(
    '%j: lists what there is',
    (name) => {
      expect(read({ [name]: 1 }).problems).toEqual([
        `${name === '' ? 'group' : `group.${name}`} is not an option; there are ${NAMES}`,
      ]);
    },
  );
});
