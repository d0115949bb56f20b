/**
 * Takes the signals that ask to end, from now on: a container's process 1 never gets one that it does not take. Who asks
 * twice does not want to wait.
 * @returns resolves with the first
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    const take = (signal: NodeJS.Signals) => {
      if (asked) endAtOnce()
      asked = true
      resolve(signal)
    }
    process.on('SIGTERM', take)
    process.on('SIGINT', take)
  })
}

/**
 * Ends the process where process.exit would abort inside a running model. As a container's process 1 it would survive
 * its own SIGKILL, but not the abort.
 */
export function endAtOnce(): never {
  process.kill(process.pid, 'SIGKILL')
  process.abort()
}
