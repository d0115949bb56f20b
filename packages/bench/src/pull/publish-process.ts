/** `node publish-process.js <store> <bundle>`: in a process of its own, since S3's settings come by the environment. */
import { openStore, publishModel } from '@repo/model-loader'

const [url = '', bundle = ''] = process.argv.slice(2)
await publishModel(openStore(url), bundle)
