import type { Repository } from './repository.js'

/** The scripts of the repository in a shell text. */
export function scriptsIn(shell: string): string[] {
  const paths = shell.matchAll(/(?:^|[\s;&|])(?:\.\/)?((?:[\w.-]+\/)+[\w.-]+\.sh)\b/g)
  return [...paths].map(([, path]) => path as string)
}

/** The names of the outputs that a shell text gives: by `output` in its scripts, or by `##vso[task.setvariable]`. */
export function outputsOf(repository: Repository, shell: string): string[] {
  const texts = [shell, ...scriptsIn(shell).map((script) => withSourced(repository, script))]
  const pattern = /(?:(?:^|[;&|]|then|else)\s*output|task\.setvariable variable=)\s*(\w+)/gm
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name as string))
}

/**
 * The scripts that a shell text calls exist, get what they need, and get nothing that they don't know.
 * @param env the names that the step itself gives
 * @param shared those that it has anyway
 * @param report gets a problem, and words on the line that it is about
 */
export function checkCalls(
  repository: Repository,
  shell: string,
  env: string[],
  shared: string[],
  report: (message: string, near: string) => void,
): void {
  const scripts = scriptsIn(shell)
  for (const script of scripts) {
    if (!repository.exists(script)) report(`there is no script ${script}`, script)
    else if (!repository.isExecutable(script)) report(`${script} is not executable: chmod +x`, script)
    const needed = neededBy(withSourced(repository, script))
    for (const name of needed.filter((each) => !env.includes(each) && !shared.includes(each))) {
      report(`${script} needs ${name}: give it under env`, '')
    }
  }
  const texts = [shell, ...scripts.map((script) => withSourced(repository, script))]
  for (const name of scripts.length > 0 ? env : []) {
    if (texts.some((text) => new RegExp(`\\b${name}\\b`).test(text))) continue
    report(`${scripts.join(', ')} knows no ${name}. The head of a script lists what it reads`, `${name}:`)
  }
}

/** A script with everything that it sources; empty when it is not there. */
function withSourced(repository: Repository, script: string): string {
  if (!repository.exists(script)) return ''
  const text = repository.read(script)
  const folder = script.slice(0, script.lastIndexOf('/'))
  const sourced = [...text.matchAll(/^\. ".*\/([\w.-]+)"/gm)].map(([, name]) => `${folder}/${name}`)
  return [
    text,
    ...sourced.filter((file) => repository.exists(file)).map((file) => repository.read(file)),
  ].join('\n')
}

/** What a script needs from its caller: the names after `need`, unless it has a value for them itself. */
function neededBy(script: string): string[] {
  const lines = [...script.matchAll(/^need ([A-Z_ ]+)/gm)]
  const needed = lines.flatMap(([, names = '']) => names.trim().split(/ +/))
  return needed.filter((name) => !new RegExp(`^${name}=`, 'm').test(script))
}
