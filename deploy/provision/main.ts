import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { ConfigError, readAwsConfig } from '../../src/shared/config.ts'
import { describe, type Wishes } from './description.ts'
import { readOptions, usage } from './options.ts'
import { apply, look, type Finding } from './plan.ts'
import { Refused } from './refused.ts'
import { resourcesOf, type Clients } from './resources.ts'
import { toldAs } from './telling.ts'
import { templateOf } from './template.ts'

/** Where it writes to: what was asked for, and what went wrong. */
export interface Output {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown }
}

/**
 * Makes or checks what Pre-Work keeps in AWS. 0: all is as wanted; 1: something is not, or could not be done, which is
 * said in one line; 2: it was asked for wrongly. `settled` is not for the arguments to say.
 */
export async function provision(
  args: string[],
  env: NodeJS.ProcessEnv,
  { stdout, stderr }: Output = process,
  settled: Partial<Wishes> = {},
): Promise<number> {
  const options = readOptions(args)
  if (options === 'help') {
    stdout.write(usage)
    return 0
  }
  if ('fault' in options) {
    stderr.write(`${options.fault}\n\n${usage}`)
    return 2
  }
  const description = describe({ ...options, ...settled })
  if (options.template) {
    stdout.write(`${JSON.stringify(templateOf(description), null, 2)}\n`)
    return 0
  }

  const clients = openClients(env)
  if ('fault' in clients) {
    stderr.write(`${clients.fault}\n`)
    return 1
  }
  const told = options.json ? asJson(stdout) : asText(stdout)
  try {
    const resources = resourcesOf(description, clients)
    const plan = await look(resources)
    told.plan(plan)
    if (options.check) return plan.every(({ is }) => is === 'as wanted') ? 0 : 1

    const left = await apply(resources, told.done)
    told.left(left)
    return left.length === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    stderr.write(`${error.message}\n`)
    return 1
  } finally {
    told.end()
    for (const client of [clients.dynamodb, clients.s3, clients.sqs]) client.destroy()
  }
}

/** What is wrong with the environment is returned and not thrown. */
function openClients(env: NodeJS.ProcessEnv): Clients | { fault: string } {
  let config
  try {
    config = readAwsConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return { fault: error.message }
    throw error
  }
  const { region, credentials, dynamodbEndpoint, s3Endpoint, sqsEndpoint } = config
  // The SDK writes a note of its own into the credentials it is given.
  const at = (endpoint: string | undefined) => ({
    region,
    ...(credentials ? { credentials: { ...credentials } } : {}),
    ...(endpoint ? { endpoint } : {}),
  })
  return {
    region,
    dynamodb: new DynamoDBClient(at(dynamodbEndpoint)),
    s3: new S3Client({ ...at(s3Endpoint), forcePathStyle: s3Endpoint !== undefined }),
    sqs: new SQSClient(at(sqsEndpoint)),
  }
}

/** Each line as it comes. */
function asText(stdout: Output['stdout']) {
  let done = 0
  return {
    plan: (plan: Finding[]) => void stdout.write(`${toldAs(plan)}\n`),
    done: (line: string) => {
      done += 1
      stdout.write(`  ${line}\n`)
    },
    left: (left: Finding[]) => void stdout.write(`${summary(done, left.length)}\n`),
    end: () => undefined,
  }
}

/** One document at the end, of what there is to say by then: `left` is missing where it failed. */
function asJson(stdout: Output['stdout']) {
  const told: { plan?: Finding[]; done?: string[]; left?: Finding[] } = {}
  return {
    plan: (plan: Finding[]) => void (told.plan = plan),
    done: (line: string) => void (told.done = [...(told.done ?? []), line]),
    left: (left: Finding[]) => void Object.assign(told, { done: told.done ?? [], left }),
    end: () => void stdout.write(`${JSON.stringify(told, null, 2)}\n`),
  }
}

function summary(done: number, left: number): string {
  const did = done === 0 ? 'Nothing was to be done.' : `${done} done.`
  return left === 0
    ? did
    : `${did} ${left} still differ in what cannot be changed: only making them anew would help, and nothing is deleted here.`
}
