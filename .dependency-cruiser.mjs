// Who may import whom. The table is the design of the house: data goes one way through it (see CONTRIBUTING.md).
const mayImport = {
  graph: [],
  autodiff: ['graph'],
  planner: [],
  engine: ['graph', 'planner'],
  'backend-cpu': ['engine', 'graph'],
  'backend-wasm': ['engine', 'graph'],
  'backend-worker': ['engine', 'backend-wasm', 'graph'],
  nn: ['graph', 'autodiff'],
  data: [],
  snapshot: [],
  train: ['engine', 'graph', 'nn', 'data', 'snapshot'],
  stint: ['[^/]+'],
}

const table = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports`,
  comment: `packages/${name} may import ${allowed.join(', ') || 'no other package of the workspace'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...table,
    {
      name: 'package-in-table',
      comment: 'Every package has a row in the table above.',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${Object.keys(mayImport).join('|')})/` },
      to: {},
    },
    {
      name: 'packages-stand-alone',
      comment: 'Apps and benchmarks use the packages, never the other way round.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|bench|scripts)/' },
    },
    {
      name: 'no-way-around-the-entry',
      comment: 'A package is used by its name and its exports, not by a path into its sources.',
      severity: 'error',
      from: { path: '^((?:packages|apps)/[^/]+|bench)/src/' },
      to: {
        path: '^(packages|apps)/[^/]+/src/',
        pathNot: [
          '^$1/',
          '^packages/[^/]+/src/(index|node|(testing|conformance)/index)[.]ts$',
          '^packages/planner/src/exact[.]ts$',
        ],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Modules form no cycles. Types, which are gone when it runs, may refer to each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'node-stays-in-its-entry',
      comment:
        'The packages run in browsers: modules of Node belong to a /node entry, the command line or a test.',
      severity: 'error',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: [
          '[.]test[.]ts$',
          '/src/node[.]ts$',
          '/src/node/',
          '/testing/',
          '^packages/stint/src/cli([.]ts$|/)',
        ],
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: '(^|/)(dist|node_modules|[.]turbo)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
