// What a page loads: each package bundled and minified, without its sibling packages, compressed with brotli. The limits leave
// room for mends, not for growth that nobody noticed.
const bundle = (name, limit, options = {}) => ({
  name: options.name ?? `@stint/${name}`,
  path: `packages/${name}/dist/${options.entry ?? 'index'}.js`,
  ...(options.import !== undefined && { import: options.import }),
  ignore: ['@stint/*', 'highs', 'node:*'],
  modifyEsbuildConfig: config => ({ ...config, format: 'esm' }),
  limit: `${limit} kB`,
})

export default [
  bundle('graph', 35),
  bundle('autodiff', 5),
  bundle('planner', 53),
  bundle('planner', 40, {
    name: '@stint/planner, what the engine takes',
    import: '{ ladder, improveRung, profile }',
  }),
  bundle('planner', 40, { name: '@stint/planner, its thread', entry: 'thread' }),
  bundle('planner', 15, { name: '@stint/planner/exact', entry: 'exact' }),
  bundle('engine', 20),
  bundle('backend-cpu', 20),
  bundle('backend-wasm', 55),
  bundle('backend-worker', 5),
  bundle('backend-worker', 8, { name: '@stint/backend-worker, its thread', entry: 'thread' }),
  bundle('nn', 8),
  bundle('train', 5),
]
