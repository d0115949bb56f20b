import type { Position } from './errors.js'
import type { Value } from './values.js'

interface Places {
  own: Position
  keys: Map<string | number, Position>
}

/**
 * Remembers where expanded lists and mappings, and what is in them, came from. It outlives expansion, since what a
 * template's caller wrote may end up anywhere.
 */
export class Positions {
  readonly #places = new WeakMap<object, Places>()

  set(container: object, own: Position): void {
    this.#places.set(container, { own, keys: new Map() })
  }

  setKey(container: object, key: string | number, at: Position): void {
    this.#places.get(container)?.keys.set(key, at)
  }

  /** Where a container stands. */
  of(container: Value, otherwise: Position): Position {
    return (typeof container === 'object' && container && this.#places.get(container)?.own) || otherwise
  }

  /** Where one of its entries stands. */
  ofKey(container: object, key: string | number, otherwise: Position): Position {
    const places = this.#places.get(container)
    return places?.keys.get(key) ?? places?.own ?? otherwise
  }
}
