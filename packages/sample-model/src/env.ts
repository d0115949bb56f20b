import { z } from 'zod'

const schema = z.object({
  /** The folder of the data set's four .gz files. Default: where Debian's package puts them. */
  FASHION_MNIST_DIR: z.string().min(1).default('/usr/share/datasets/fashion-mnist'),
})

export const env = schema.parse(process.env)
