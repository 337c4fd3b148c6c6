/** The rooms of docs/architecture.md and the one direction in which they may import each other. */
const engineRooms =
  'queue|edge|ingest|filter|tail|verify|deploy|window|rule|generate|load|expression';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-imports-commands',
      severity: 'error',
      from: { pathNot: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    {
      name: 'engine-knows-no-store',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(store|commands)/' },
    },
    {
      name: 'store-knows-the-model-only',
      severity: 'error',
      from: { path: '^src/store/', pathNot: '(/testing/|\\.test\\.ts$)' },
      to: { path: '^src/engine/', pathNot: '^src/engine/model/' },
    },
    {
      name: 'model-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/engine/model/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/engine/model/' },
    },
    {
      name: 'engine-rooms-know-the-model-only',
      severity: 'error',
      from: { path: `^src/engine/(${engineRooms})/`, pathNot: '\\.test\\.ts$' },
      // Durations, instants and expressions are read the same way everywhere.
      to: { path: '^src/engine/', pathNot: '^src/engine/(model|time|expression|$1)/' },
    },
    {
      name: 'stories-stand-on-load-filter-and-verify',
      severity: 'error',
      // Real services are followed as `ingest --follow` follows them: by the edge, and from there alone.
      from: { path: '^src/engine/scenario/', pathNot: '(\\.test\\.ts$|/load/services/)' },
      to: {
        path: '^src/engine/',
        pathNot: '^src/engine/(model|scenario|generate|filter|time|verify|question|expression)/',
      },
    },
    {
      name: 'only-tests-import-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '(/testing/|\\.test\\.tsx?$)' },
      to: { path: '/testing/' },
    },
    {
      // CEL costs 40 ms of start: only a command that is given an expression loads it.
      name: 'expressions-load-on-demand',
      severity: 'error',
      from: { path: '^src/commands/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/engine/(expression|filter/where)/',
        pathNot: '^src/engine/expression/variable\\.ts$',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'windows-and-rules-are-pure',
      severity: 'error',
      from: { path: '^src/engine/(window|rule)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
