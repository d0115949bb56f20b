export { type Bundle, readBundle, verifyBundle } from './bundle.js'
export { BundleError, type BundleErrorCode } from './errors.js'
export { sha256, sha256File } from './hash.js'
export { parseLabels } from './labels.js'
export {
  type Manifest,
  MODEL_NAME,
  type ModelInput,
  manifestSchema,
  parseManifest,
  SCHEMA_VERSION,
} from './manifest.js'
export { checkExternalData, externalDataOf } from './onnx-external.js'
export { MANIFEST_FILE, pathProblem } from './paths.js'
export { type Preset, presets } from './presets.js'
export { writeManifest } from './write.js'
