// For workers and scripts: loads ONNX Runtime and the image decoder into this thread, which then blocks while it runs.
export { Classifier } from './classifier.js'
export { ClassifierError } from './errors.js'
export { describeOnnx, onnxRuntimeVersion } from './model.js'
