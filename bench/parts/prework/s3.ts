import { startS3 } from '../../../local/s3/server.ts'
import { given, onEnd, say } from '../../programs/say.ts'

// The S3 of one measurement, in a process of its own.
const credentials = {
  accessKeyId: given('AWS_ACCESS_KEY_ID'),
  secretAccessKey: given('AWS_SECRET_ACCESS_KEY'),
}
const s3 = await startS3({ directory: given('S3_DIRECTORY'), credentials })
onEnd(() => s3.stop())
say('up', { s3: s3.endpoint, region: s3.region })
