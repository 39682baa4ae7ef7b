import type { UserConfig } from 'tsdown'

/** How every package is built: one ES module an entry with its types, for any platform, nothing bundled from outside. */
export const library: UserConfig = {
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  // Even undeclared, a neighbour is not bundled: the pack check then finds it missing. Nor is anything of others.
  deps: { neverBundle: [/^@stint\//, 'stint'], onlyBundle: [] },
  dts: true,
  clean: true,
  fixedExtension: false,
}

/** The same for entries that need Node: `/node` entries and command lines. */
export const nodeLibrary: UserConfig = { ...library, platform: 'node', clean: false }

/** The script of a thread: one file with all that it needs, as no bundler of others may see what it imports. */
export const thread: UserConfig = {
  ...library,
  entry: ['src/thread.ts'],
  deps: { alwaysBundle: [/^@stint\//] },
  dts: false,
  clean: false,
}
