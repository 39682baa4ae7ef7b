import type { Value } from '@stint/graph'
import { asModule, type Layer, type Module } from '../module.ts'

/** One layer after the other; children are named `0`, `1`, … */
export function sequential(...layers: readonly Layer[]): Module {
  const children = Object.fromEntries(layers.map((layer, i) => [String(i), asModule(layer)]))
  return {
    kind: 'sequential',
    children,
    forward: (scope, x) => Object.keys(children).reduce((y, name) => scope.call(name, y), x),
  }
}

/** x + body(x) (He et al. 2016); with `shortcut` in place of x where shapes differ. */
export function residual(body: Layer, shortcut?: Layer): Module {
  return module({ body, ...(shortcut && { shortcut }) }, (m, x) => m.body!(x).add(m.shortcut?.(x) ?? x))
}

/** The children of a module as functions. */
export type Calls<C> = { readonly [K in keyof C]: (x: Value) => Value }

/**
 * A module of one's own: named children, and a forward pass that calls them.
 *
 * @example
 * const block = module({ a: linear(8, 8), b: linear(8, 8) }, (m, x) => m.b(m.a(x).relu()).add(x))
 */
export function module<C extends { readonly [name: string]: Layer }>(
  children: C,
  forward: (call: Calls<C>, x: Value) => Value,
): Module {
  const modules = Object.fromEntries(Object.entries(children).map(([name, layer]) => [name, asModule(layer)]))
  return {
    kind: 'module',
    children: modules,
    forward(scope, x) {
      const calls = Object.fromEntries(
        Object.keys(modules).map(name => [name, (y: Value) => scope.call(name, y)]),
      )
      return forward(calls as Calls<C>, x)
    },
  }
}
