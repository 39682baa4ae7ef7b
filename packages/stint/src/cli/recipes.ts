import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Recipe } from '@stint/train'
import { CliError } from './errors.ts'

/**
 * The recipe of that name: `apps/<name>` in this folder or one above it, as built; or a module, by its path or as the
 * name of a package, that exports `recipe` or has it as its default.
 *
 * Throws CliError `UNKNOWN_RECIPE` and `BAD_RECIPE`.
 */
export async function loadRecipe(name: string, cwd: string): Promise<Recipe> {
  const file = find(name, cwd)
  let loaded: { readonly recipe?: unknown; readonly default?: unknown }
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (cause) {
    throw new CliError('BAD_RECIPE', `the recipe '${name}' does not load`, { got: String(cause), cause })
  }
  const recipe = loaded.recipe ?? loaded.default
  const missing = missingFields(recipe)
  if (missing.length > 0)
    throw new CliError('BAD_RECIPE', `${file} exports no recipe`, {
      expected: 'a recipe under that name, or as the default',
      got: recipe === undefined ? 'neither' : `one without ${missing.join(', ')}`,
    })
  return recipe as Recipe
}

function missingFields(recipe: unknown): string[] {
  const fields = {
    name: 'string',
    model: 'function',
    data: 'function',
    loss: 'function',
    batch: 'number',
    epochs: 'number',
  }
  const given = (typeof recipe === 'object' && recipe !== null ? recipe : {}) as { [field: string]: unknown }
  const missing = Object.entries(fields).flatMap(([field, type]) =>
    typeof given[field] === type ? [] : [field],
  )
  return given.optimizer === undefined ? [...missing, 'optimizer'] : missing
}

function find(name: string, cwd: string): string {
  if (/^\.{0,2}[/\\]|\.[cm]?[jt]s$/.test(name)) {
    const path = resolve(cwd, name)
    if (existsSync(path)) return path
    throw unknownRecipe(name, cwd, `There is no file ${path}.`)
  }
  for (const apps of appFolders(cwd)) {
    const built = join(apps, name, 'dist', 'index.js')
    if (existsSync(built)) return built
    if (existsSync(join(apps, name, 'package.json')))
      throw unknownRecipe(name, cwd, `It is in ${join(apps, name)}, but not built: run 'pnpm build'.`)
  }
  try {
    return createRequire(join(cwd, 'package.json')).resolve(name)
  } catch {
    throw unknownRecipe(name, cwd, 'A path to a module that exports a recipe will do, too.')
  }
}

function unknownRecipe(name: string, cwd: string, hint: string): CliError {
  return new CliError('UNKNOWN_RECIPE', `there is no recipe '${name}'`, {
    expected: recipeNames(cwd).join(', ') || 'the path of a module',
    hint,
  })
}

/** Names of the recipes in reach. */
function recipeNames(cwd: string): string[] {
  const [apps] = appFolders(cwd)
  if (apps === undefined) return []
  return readdirSync(apps, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? [entry.name] : [],
  )
}

/** `apps` in this folder or above it, then in those around the command line itself. */
function appFolders(cwd: string): string[] {
  const found = new Set<string>()
  for (const start of [cwd, dirname(fileURLToPath(import.meta.url))])
    for (let folder = resolve(start); ; folder = dirname(folder)) {
      const apps = join(folder, 'apps')
      if (existsSync(apps)) found.add(apps)
      if (dirname(folder) === folder) break
    }
  return [...found]
}
