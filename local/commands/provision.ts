import { ConfigError } from '../../src/shared/config.ts'
import { provision } from '../../deploy/provision/main.ts'
import { Plain } from '../launch/plain.ts'
import { findPlace } from '../stack/place.ts'
import { readStackFile } from '../stack/stack-file.ts'

/** Makes or checks what Pre-Work needs in AWS; with `--local` in the running local stack. */
export async function run(args: string[]): Promise<number> {
  const isLocal = args.includes('--local')
  const env = isLocal ? { ...process.env, ...localEnvironment() } : process.env
  try {
    return await provision(
      args.filter((arg) => arg !== '--local'),
      env,
    )
  } catch (error) {
    // What AWS refuses is said in its words: the action and what it was about, nothing personal.
    if (error instanceof ConfigError || !(error instanceof Error)) throw error
    throw new Plain(`${error.name}: ${error.message}`, { cause: error })
  }
}

function localEnvironment(): Record<string, string> {
  const { s3, sqs, dynamodb } = readStackFile(findPlace(process.env))
  return {
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey ?? '',
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
  }
}
