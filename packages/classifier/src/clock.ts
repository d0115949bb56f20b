/**
 * What `performance.now()` counts from in this thread, on the clock that all threads share (`process.hrtime`), in
 * milliseconds. The two clocks can't be read at one moment, and a thread may be set aside between two reads, so of
 * several tries the quickest counts.
 */
export function threadStartMs(): number {
  let best = { took: Number.POSITIVE_INFINITY, start: 0 }
  for (let attempt = 0; attempt < 10; attempt++) {
    const before = sharedNow()
    const own = performance.now()
    const took = sharedNow() - before
    if (took < best.took) best = { took, start: before + took / 2 - own }
  }
  return best.start
}

function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
