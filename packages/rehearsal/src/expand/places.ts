import type { Position } from './errors.js'

const PLACES = Symbol('places')

interface Placed {
  [PLACES]?: { own: Position; keys: Map<PropertyKey, Position> }
}

/** Notes where an expanded list or mapping came from: what a template's caller wrote may end up anywhere. */
export function place<T extends object>(container: T, own: Position): T {
  return Object.defineProperty(container, PLACES, { value: { own, keys: new Map() } })
}

export function placeKey(container: object, key: PropertyKey, at: Position): void {
  ;(container as Placed)[PLACES]?.keys.set(key, at)
}

/** Where a list or mapping, or one of its entries, came from. */
export function placeOf(container: unknown, otherwise: Position, key?: PropertyKey): Position {
  const places = (container as Placed | null | undefined)?.[PLACES]
  return (key !== undefined && places?.keys.get(key)) || places?.own || otherwise
}
