import type { ModelInput } from './manifest.js'

/** What a preset settles: everything about the input but the tensor's name. */
export type Preset = Omit<ModelInput, 'name'>

const imagenet = {
  dtype: 'float32',
  layout: 'NCHW',
  width: 224,
  height: 224,
  channels: 'rgb',
  resize: { mode: 'short-side', shortSide: 256 },
  scale: '0..255',
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
  invert: false,
} satisfies Preset

/** Preprocessing that families of models share, by the name that `model init --preset` takes. */
export const presets = {
  /** torchvision and most of the ONNX zoo. Mean and std: the ImageNet training set's. */
  imagenet,
  /** The same for a channels-last graph. */
  'imagenet-nhwc': { ...imagenet, layout: 'NHWC' },
  /** EfficientNet-Lite and other TensorFlow Lite models: roughly -1..1. */
  'tf-lite4': { ...imagenet, layout: 'NHWC', mean: [127, 127, 127], std: [128, 128, 128] },
  /** 28x28 gray digits or clothes, light on black, pixels 0..1. */
  mnist: {
    dtype: 'float32',
    layout: 'NCHW',
    width: 28,
    height: 28,
    channels: 'gray',
    resize: { mode: 'squash' },
    scale: '0..1',
    invert: false,
  },
} as const satisfies Record<string, Preset>
