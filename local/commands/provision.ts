import { ConfigError } from '../../src/shared/config.ts'
import { provision } from '../../deploy/provision/main.ts'
import { Plain } from '../launch/plain.ts'
import { findPlace } from '../stack/place.ts'
import { readStackFile, type StackFile } from '../stack/stack-file.ts'
import { wishesOf } from '../stack/stores/prework.ts'

/** Makes or checks what Pre-Work needs in AWS; with `--local` in the running local stack. */
export async function run(args: string[]): Promise<number> {
  try {
    return args.includes('--local') ? await provisionLocal(args) : await provision(args, process.env)
  } catch (error) {
    // What AWS refuses is said in its words: the action and what it was about, nothing personal.
    if (error instanceof ConfigError || error instanceof Plain || !(error instanceof Error)) throw error
    throw new Plain(`${error.name}: ${error.message}`, { cause: error })
  }
}

/** As the stack made it when it started: with other wishes its notifications would go where nobody reads them. */
async function provisionLocal(args: string[]): Promise<number> {
  const wish = args.find((arg) => /^(--origin|--queue|--provisioned|prod$|--env=prod)/.test(arg))
  if (wish) {
    console.error(`--local is the dev of the local stack, as its start has made it: leave out ${wish}`)
    return 2
  }
  const rest = args.filter((arg) => arg !== '--local')
  if (rest.includes('--help') || rest.includes('-h')) return provision(rest, process.env)
  const stack = readStackFile(findPlace(process.env))
  return provision(rest, { ...process.env, ...environmentOf(stack) }, process, wishesOf(stack))
}

function environmentOf({ s3, sqs, dynamodb }: StackFile): Record<string, string> {
  return {
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey ?? '',
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
  }
}
