// For workers and scripts: loads ONNX Runtime and the image decoder into this thread, which then blocks while it runs.
export { Classifier } from './classifier.js'
export { ClassifierError } from './errors.js'
export { imageFormat } from './image/format.js'
export { describeOnnx, type ModelOutput, onnxRuntimeVersion } from './model.js'
