// `pnpm stint`, `pnpm bench` and `pnpm conformance` keep standard output for their results: pnpm's own banner and its
// "Command failed" line would go there too.
const ownOutput = ['stint', 'bench', 'conformance']

module.exports = {
  hooks: {
    updateConfig(config) {
      const [first, second] = process.argv.slice(2).filter(word => !word.startsWith('-'))
      const script = first === 'run' ? second : first
      return ownOutput.includes(script) ? { ...config, reporter: 'silent' } : config
    },
  },
}
