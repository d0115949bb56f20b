import type { ComponentChildren } from 'preact'

/** A list of names and values; what is not known yet is a dash. */
export function Facts({ facts }: { facts: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A long hash, shortened for the eye; whoever selects or hears it gets all of it. */
export function Hash({ value }: { value: string }) {
  return (
    <code class="hash" title={value}>
      {value}
    </code>
  )
}
