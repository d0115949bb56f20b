import { type Manifest, presets } from '@repo/model-bundle'

/** One model that `model fetch` and `npm start -- --model` can download: an image classifier of the ONNX model zoo. */
export interface CatalogueModel {
  /** Also its name in a store. */
  id: string
  /** The zoo's name for it. */
  title: string
  /** Below the zoo's download address. */
  path: string
  bytes: number
  sha256: string
  /** Tensor as the ONNX file declares it; a text is a free dimension. */
  input: { name: string; shape: readonly (number | string)[] }
  output: { name: string; shape: readonly (number | string)[]; kind: 'logits' | 'probabilities' }
  /** Preprocessing, by the name of a preset. */
  preset: 'imagenet' | 'tf-lite4'
  labels: CatalogueLabels
  /** Percent of the 50,000 images of the ImageNet validation set, as stated by the zoo. */
  top1: number
  top5?: number
  license: string
}

/** A labels file of the zoo. */
export interface CatalogueLabels {
  path: string
  /** `lines`: one label a line. `json-map`: an object from class number to label. */
  format: 'lines' | 'json-map'
  /** Where the zoo's file is known byte for byte. */
  expected?: { bytes: number; sha256: string }
}

/** Where the zoo moved when its own large-file downloads ended in July 2025. */
export const CATALOGUE_URL = 'https://huggingface.co/onnxmodelzoo/legacy_models/resolve/main/'

/** Every label file has one label for each ImageNet class. */
export const CATALOGUE_CLASSES = 1000

/** The version under which a fetched model is published. */
export const CATALOGUE_VERSION = '1.0.0'

const FOLDER = 'validated/vision/classification'

const synset: CatalogueLabels = {
  path: `${FOLDER}/synset.txt`,
  format: 'lines',
  expected: { bytes: 31675, sha256: 'acf75ef0abe89694b19056e0796401068b459c457baa30335f240c7692857355' },
}
const labelsMap: CatalogueLabels = {
  path: `${FOLDER}/efficientnet-lite4/dependencies/labels_map.txt`,
  format: 'json-map',
}

/** Smallest download first. */
export const catalogue: readonly CatalogueModel[] = [
  {
    id: 'mobilenetv2-12-int8',
    title: 'MobileNet v2-1.0-int8',
    path: `${FOLDER}/mobilenet/model/mobilenetv2-12-int8.onnx`,
    bytes: 3655033,
    sha256: 'cc028fe6cae7bc11a4ff53cfc9b79c920e8be65ce33a904ec3e2a8f66d77f95f',
    input: { name: 'input', shape: ['batch_size', 3, 224, 224] },
    output: { name: 'output', shape: ['batch_size', 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 68.3,
    top5: 88.44,
    license: 'Apache-2.0',
  },
  {
    id: 'squeezenet1.1-7',
    title: 'SqueezeNet 1.1',
    path: `${FOLDER}/squeezenet/model/squeezenet1.1-7.onnx`,
    bytes: 4956208,
    sha256: '1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088',
    input: { name: 'data', shape: [1, 3, 224, 224] },
    output: { name: 'squeezenet0_flatten0_reshape0', shape: [1, 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 56.34,
    top5: 79.12,
    license: 'Apache-2.0',
  },
  {
    id: 'shufflenet-v2-12',
    title: 'ShuffleNet-v2-fp32',
    path: `${FOLDER}/shufflenet/model/shufflenet-v2-12.onnx`,
    bytes: 9218556,
    sha256: 'ea69821b4dd374ae2f33f9710dd1229ac263d0ee5b5a46ca3521f6483e1ba035',
    input: { name: 'input', shape: [1, 3, 224, 224] },
    output: { name: 'output', shape: [1, 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 66.35,
    top5: 86.57,
    license: 'BSD-3-Clause',
  },
  {
    id: 'mobilenetv2-12',
    title: 'MobileNet v2-1.0-fp32',
    path: `${FOLDER}/mobilenet/model/mobilenetv2-12.onnx`,
    bytes: 13964571,
    sha256: 'c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5',
    input: { name: 'input', shape: ['batch_size', 3, 224, 224] },
    output: { name: 'output', shape: ['batch_size', 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 69.48,
    top5: 89.26,
    license: 'Apache-2.0',
  },
  {
    id: 'resnet50-v1-12-int8',
    title: 'ResNet50-int8',
    path: `${FOLDER}/resnet/model/resnet50-v1-12-int8.onnx`,
    bytes: 25816052,
    sha256: 'c234f30975989788b4405f25253275aae247ab6dbdd34aaa69ab0a59ff76f6d0',
    input: { name: 'data', shape: ['N', 3, 224, 224] },
    output: { name: 'resnetv17_dense0_fwd', shape: ['N', 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 74.77,
    top5: 92.32,
    license: 'Apache-2.0',
  },
  {
    id: 'efficientnet-lite4-11',
    title: 'EfficientNet-Lite4',
    path: `${FOLDER}/efficientnet-lite4/model/efficientnet-lite4-11.onnx`,
    bytes: 51946641,
    sha256: 'd111689907c06eea7c82e4833ddef758da6453b9d4cf60b7e99ca05c7cbd9c12',
    input: { name: 'images:0', shape: [1, 224, 224, 3] },
    output: { name: 'Softmax:0', shape: [1, 1000], kind: 'probabilities' },
    preset: 'tf-lite4',
    labels: labelsMap,
    top1: 80.4,
    license: 'MIT',
  },
  {
    id: 'resnet50-v1-12',
    title: 'ResNet50-fp32',
    path: `${FOLDER}/resnet/model/resnet50-v1-12.onnx`,
    bytes: 102576593,
    sha256: '3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526',
    input: { name: 'data', shape: ['N', 3, 224, 224] },
    output: { name: 'resnetv17_dense0_fwd', shape: ['N', 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 74.97,
    top5: 92.33,
    license: 'Apache-2.0',
  },
  {
    id: 'resnet152-v2-7',
    title: 'ResNet152-v2',
    path: `${FOLDER}/resnet/model/resnet152-v2-7.onnx`,
    bytes: 241503848,
    sha256: '40fb3f6dd313ba786a2c8077a0ef7d7b4afeda5d037365400d3a7fbc2b1bee64',
    input: { name: 'data', shape: ['N', 3, 224, 224] },
    output: { name: 'resnetv27_dense0_fwd', shape: ['N', 1000], kind: 'logits' },
    preset: 'imagenet',
    labels: synset,
    top1: 78.2,
    top5: 94.21,
    license: 'Apache-2.0',
  },
]

/** Fixed, so that whoever fetches a model gets the same manifest and may publish it again. */
const CREATED_AT = '2025-07-01T00:00:00.000Z'

/** The manifest of a catalogue model, but for its files. */
export function catalogueManifest(model: CatalogueModel): Omit<Manifest, 'files'> {
  return {
    schemaVersion: '1.0',
    name: model.id,
    version: CATALOGUE_VERSION,
    task: 'image-classification',
    description: `${model.title} from the ONNX model zoo; 1000 ImageNet classes.`,
    model: 'model.onnx',
    labels: 'labels.txt',
    input: { name: model.input.name, ...presets[model.preset] },
    output: { name: model.output.name, kind: model.output.kind },
    metrics: {
      top1: model.top1,
      ...(model.top5 === undefined ? {} : { top5: model.top5 }),
      dataset: 'ImageNet validation set, as stated by the ONNX model zoo',
      samples: 50_000,
    },
    samples: [],
    source: CATALOGUE_URL + model.path,
    license: model.license,
    createdAt: CREATED_AT,
  }
}
