interface Node {
  name: string
  dependsOn: string[]
}

/**
 * Runs every node once all it depends on has ended, at most `width` at a time.
 * @param run must not reject
 */
export async function runGraph<T extends Node>(
  nodes: T[],
  width: number,
  run: (node: T) => Promise<void>,
): Promise<void> {
  const ended = new Set<string>()
  const waiting = new Set(nodes)
  const running = new Set<Promise<void>>()
  while (waiting.size > 0 || running.size > 0) {
    for (const node of waiting) {
      if (running.size >= width || !node.dependsOn.every((name) => ended.has(name))) continue
      waiting.delete(node)
      const task = run(node).then(() => {
        ended.add(node.name)
        running.delete(task)
      })
      running.add(task)
    }
    await Promise.race(running)
  }
}

/** Everything that a node depends on, directly or through others. */
export function ancestors<T extends Node>(nodes: T[], node: T): T[] {
  const found = new Set<T>()
  const visit = (each: T) => {
    for (const parent of nodes.filter(({ name }) => each.dependsOn.includes(name))) {
      if (found.has(parent)) continue
      found.add(parent)
      visit(parent)
    }
  }
  visit(node)
  return [...found]
}
