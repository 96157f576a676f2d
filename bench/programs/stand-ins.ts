import { startMistral } from '../../local/mistral/server.ts'
import type { Change } from '../../local/mistral/settings.ts'
import { startS3 } from '../../local/s3/server.ts'
import { given, onEnd, say } from './say.ts'

// The S3 and the Mistral of one measurement, in a process of their own.
const credentials = {
  accessKeyId: given('AWS_ACCESS_KEY_ID'),
  secretAccessKey: given('AWS_SECRET_ACCESS_KEY'),
}
const s3 = await startS3({ directory: given('S3_DIRECTORY'), credentials })
const mistral = await startMistral({
  settings: JSON.parse(given('MISTRAL_SETTINGS')) as Change,
  // A machine that is busy with everything else at the same time may take long to open a file.
  readLimits: { milliseconds: 90_000, megabytes: 700 },
})
onEnd(async () => {
  await mistral.stop()
  await s3.stop()
})
say('up', { s3: s3.endpoint, region: s3.region, mistral: mistral.url, apiKey: mistral.apiKey })
