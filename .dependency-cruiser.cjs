/**
 * The arrows of the house (docs/architecture.md): an event flows one way, and
 * imports only point down this list. A folder may import itself and whatever
 * stands below it.
 */
const house = [
  'module',
  'decorators',
  'service',
  'segments',
  'customers',
  'account',
  'identity',
  'delivery',
  'reporting',
  'odp',
  'outbox',
  'events',
  'options',
  'errors',
];
const entryPoints = [
  'terminus',
  'opentelemetry',
  'testing',
  'sandbox',
  'config',
  'datafile',
];

const upward = house.flatMap((folder, index) => {
  const above = house.slice(0, index);
  if (above.length === 0) return [];
  return [
    {
      name: `${folder}-imports-only-down`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${above.join('|')})/|^src/index` },
    },
  ];
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'entry-points-are-imported-by-nobody',
      comment: 'Optional peers must never be reached from the main path.',
      severity: 'error',
      from: {
        path: `^src/`,
        pathNot: [`^src/(${entryPoints.join('|')})/`, '\\.spec\\.ts$'],
      },
      to: { path: `^src/(${entryPoints.join('|')})/` },
    },
    {
      name: 'durable-outboxes-are-entry-points',
      comment: 'Each stands on an optional peer of its own.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/outbox/(file|redis|postgres|mysql)/',
      },
      to: { path: '^src/outbox/(file|redis|postgres|mysql)/' },
    },
    {
      name: 'sandbox-speaks-the-wire',
      comment: 'It imitates ODP, so it must not share our client code.',
      severity: 'error',
      from: { path: '^src/sandbox/' },
      to: { path: '^src/', pathNot: '^src/sandbox/' },
    },
    {
      name: 'plain-typescript-below-the-service',
      comment: 'Only the HttpService adapter knows Nest down there.',
      severity: 'error',
      from: {
        path: '^src/(errors|options|events|outbox|odp|reporting|delivery|customers|segments)/',
        pathNot: ['^src/odp/http-service', '\\.spec\\.ts$'],
      },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'not-to-spec',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '(\\.spec\\.ts$|^test/)' },
    },
    {
      name: 'not-to-dev-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm-peer', 'type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.build.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
