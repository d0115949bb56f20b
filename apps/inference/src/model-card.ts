import type { Bundle, Manifest } from '@repo/model-bundle'

/** What people want to know of a model. */
export interface ModelCard
  extends Pick<
    Manifest,
    'name' | 'version' | 'source' | 'license' | 'createdAt' | 'metrics' | 'description'
  > {
  /** Of the ONNX file. */
  sha256: string
  input: Pick<Manifest['input'], 'width' | 'height' | 'channels'>
  /** In class order: that of the confusion matrix. */
  labels: string[]
  /** The images that the bundle holds, with their true labels. */
  samples: { label: string; sha256: string }[]
}

export function modelCard({ manifest, labels }: Bundle): ModelCard {
  const { name, version, source, license, createdAt, metrics, description } = manifest
  const { width, height, channels } = manifest.input
  const sha256 = (path: string) => manifest.files.find((file) => file.path === path)?.sha256 ?? ''
  return {
    ...{ name, version, source, license, createdAt, metrics, description, labels },
    sha256: sha256(manifest.model),
    input: { width, height, channels },
    samples: manifest.samples.map(({ file, label }) => ({ label, sha256: sha256(file) })),
  }
}

/** @returns the path inside the bundle of its sample with this hash; undefined when it has none */
export function samplePath({ files, samples }: Manifest, sha256: string): string | undefined {
  const isSample = (path: string) => samples.some(({ file }) => file === path)
  return files.find((file) => file.sha256 === sha256 && isSample(file.path))?.path
}
