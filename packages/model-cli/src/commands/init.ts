import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseLabels, presets, writeManifest } from '@repo/model-bundle'
import { checkName, checkVersion, prepareTarget, replaceFolder, StoreError } from '@repo/model-loader'
import { Command, Option } from 'commander'
import { type Context, collect } from '../context.js'
import { type Choice, tensorsFor } from '../tensors.js'

interface InitOptions extends Choice {
  onnx: string
  labels: string
  name: string
  version: string
  out: string
  sample: string[]
  source?: string
  license: string
  force?: boolean
}

export function initCommand(context: Context): Command {
  return new Command('init')
    .description('make a bundle of your own model: an ONNX file, its labels and how to feed it')
    .requiredOption('--onnx <file>', 'the model')
    .requiredOption('--labels <file>', "one label a line, in the order of the model's outputs")
    .addOption(
      new Option('--preset <name>', 'how an image becomes a tensor')
        .choices(Object.keys(presets))
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'the name in the store: lower-case letters, digits, "." and "-"')
    .requiredOption('--version <version>', 'such as 1.0.0')
    .requiredOption('--out <folder>', 'the bundle to make')
    .option('--sample <file=label>', 'an image with its true label, for tests; may be repeated', collect, [])
    .addOption(
      new Option('--output-kind <kind>', 'what the model answers')
        .choices(['logits', 'probabilities'])
        .default('logits'),
    )
    .option('--source <text>', 'where the model comes from; default: the name of the ONNX file')
    .option('--license <text>', "the model's licence", 'not stated')
    .option('--force', 'replace a bundle that is there')
    .action((options: InitOptions) => init(context, options))
}

async function init(context: Context, options: InitOptions): Promise<void> {
  checkName(options.name)
  checkVersion(options.version)
  const samples = options.sample.map(parseSample)
  for (const file of [options.onnx, options.labels, ...samples.map(({ from }) => from)])
    await checkReadable(file)
  const labels = parseLabels(await readFile(options.labels, 'utf8'), options.labels)
  for (const { from, label } of samples) {
    if (!labels.includes(label)) {
      throw new StoreError('usage', `--sample ${from}=${label}: ${options.labels} has no such label.`)
    }
  }
  const folder = await prepareTarget(options.out)
  if (!options.force && (await readdir(folder).catch(() => [])).length > 0) {
    throw new StoreError(
      'usage',
      `${folder} is there already. Choose another folder, or replace it with --force.`,
    )
  }
  const manifest = await replaceFolder(folder, async (temporary) => {
    await copyFile(options.onnx, join(temporary, 'model.onnx'))
    await copyFile(options.labels, join(temporary, 'labels.txt'))
    if (samples.length > 0) await mkdir(join(temporary, 'samples'))
    for (const { from, file } of samples) await copyFile(from, join(temporary, file))
    // The copy, not the original: it has to work without what else lies beside that.
    const { input, output } = await tensorsFor(join(temporary, 'model.onnx'), labels, options)
    const written = await writeManifest(temporary, {
      schemaVersion: '1.0',
      name: options.name,
      version: options.version,
      task: 'image-classification',
      model: 'model.onnx',
      labels: 'labels.txt',
      input,
      output,
      samples: samples.map(({ file, label }) => ({ file, label })),
      source: options.source ?? basename(options.onnx),
      license: options.license,
      createdAt: new Date().toISOString(),
    })
    context.signal.throwIfAborted()
    return written
  })
  const { name, version, input, output } = manifest
  context.answer(
    { folder, name, version, input, output },
    `${folder} holds ${name} ${version}. Look over ${join(folder, 'model.json')}, then publish it: model publish ${folder}`,
  )
}

/** `FILE=LABEL`; the copy's name in the bundle is safe on every file system, and its number makes it unique. */
function parseSample(text: string, index: number): { from: string; file: string; label: string } {
  const [, from, label] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (from === undefined || label === undefined) {
    throw new StoreError('usage', `--sample ${text} is not of the form FILE=LABEL.`)
  }
  const safe = basename(from).replace(/[^A-Za-z0-9._-]+/g, '-')
  return { from, file: `samples/${String(index + 1).padStart(2, '0')}-${safe}`, label }
}

async function checkReadable(file: string): Promise<void> {
  const found = await stat(file).catch((cause) => {
    throw new StoreError('usage', `${file} cannot be read: ${cause.message}.`, { cause })
  })
  if (!found.isFile()) throw new StoreError('usage', `${file} is not a file.`)
}
