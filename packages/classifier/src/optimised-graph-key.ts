import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'

/** All that an optimised graph depends on. Where one of these differs, it has to be made anew. */
export interface GraphKey {
  modelSha256: string
  onnxRuntime: string
  platform: string
  arch: string
  /** Model and features of the CPU: the optimiser lays weights out for the widest instructions that it finds. */
  cpu: string
}

export function graphKey(modelSha256: string): GraphKey {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return { modelSha256, onnxRuntime: version, platform: process.platform, arch: process.arch, cpu: cpuType() }
}

/** A name for a file or folder, the same for equal keys alone. */
export function keyName(key: GraphKey): string {
  const rest = [key.onnxRuntime, key.platform, key.arch, key.cpu].join('\n')
  const hash = createHash('sha256').update(rest).digest('hex')
  return `${key.modelSha256.slice(0, 32)}-${hash.slice(0, 16)}`
}

/** @param cpuinfo the text of Linux's /proc/cpuinfo; empty elsewhere */
export function cpuType(cpuinfo = readCpuInfo()): string {
  // x86 says `model name` and `flags`, ARM `CPU part` and `Features`. One core speaks for all.
  const lines = /^(?:model name|flags|CPU implementer|CPU part|Features)\s*:.*$/gm
  const core = cpuinfo.split(/\n\s*\n/)[0] ?? ''
  const found = core.match(lines)?.map((line) => line.replace(/\s+/g, ' '))
  return found?.join('; ') ?? cpus()[0]?.model ?? 'unknown'
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
