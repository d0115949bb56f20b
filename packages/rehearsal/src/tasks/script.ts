import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { folderOf, pathOf, type Task, type TaskContext, TaskFailure } from './task.js'

/** `script:` and `bash:`. Neither begins with `set -e`, as on the agent. */
export const script: Task = {
  inputs: { script: false, bash: false, workingDirectory: false, failOnStderr: false },
  run: async (context) => await runScript(context, context.inputs.script ?? context.inputs.bash ?? ''),
}

/** Bash@3: a text or a file. */
export const bashTask: Task = {
  inputs: { targetType: false, script: false, filePath: false, arguments: false, workingDirectory: false },
  async run(context) {
    const { targetType, script: text = '', filePath = '', arguments: args = '' } = context.inputs
    await runScript(
      context,
      targetType === 'inline' ? text : `exec bash '${pathOf(context, filePath)}' ${args}`,
    )
  },
}

/** Runs a text as bash does it on the agent. */
export async function runScript(
  context: TaskContext,
  text: string,
  env: Record<string, string> = {},
): Promise<void> {
  const cwd = pathOf(context, context.inputs.workingDirectory ?? '.')
  if (!existsSync(cwd)) throw new TaskFailure(`workingDirectory ${cwd} does not exist`)
  const [unknown] = /\$\([A-Za-z_]\w*(\.\w+)+\)/.exec(text) ?? []
  if (unknown) context.warn(`${unknown} is no variable here; bash takes it for a command`)
  const file = join(folderOf(context, 'Agent.TempDirectory'), `${randomUUID()}.sh`)
  await writeFile(file, text)
  await context.exec('bash', ['--noprofile', '--norc', file], { cwd, env })
}
