/** The S3 stand-in in a process of its own, so that it takes no time of the client's. Prints its address. */
import { S3StandIn } from '@repo/testing/s3-stand-in'
import { BUCKET } from './measure-pulls.js'

const s3 = new S3StandIn()
await s3.start()
s3.makeBucket(BUCKET)
console.log(s3.url)
