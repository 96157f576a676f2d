import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { readAwsConfig } from '../../src/shared/config.ts'
import { describe } from './description.ts'
import { readOptions, usage } from './options.ts'
import { apply, look } from './plan.ts'
import { resourcesOf } from './resources.ts'
import { toldAs } from './telling.ts'
import { templateOf } from './template.ts'

/** Makes or checks what Pre-Work keeps in AWS. 0: all is as wanted, 1: something is not, 2: it was asked for wrongly. */
export async function provision(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const options = readOptions(args)
  if (options === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if ('fault' in options) {
    process.stderr.write(`${options.fault}\n\n${usage}`)
    return 2
  }
  const description = describe(options)
  if (options.template) {
    process.stdout.write(`${JSON.stringify(templateOf(description), null, 2)}\n`)
    return 0
  }

  const { region, credentials, dynamodbEndpoint, s3Endpoint, sqsEndpoint } = readAwsConfig(env)
  // The SDK writes a note of its own into the credentials it is given.
  const at = (endpoint: string | undefined) => ({
    region,
    ...(credentials ? { credentials: { ...credentials } } : {}),
    ...(endpoint ? { endpoint } : {}),
  })
  const clients = {
    region,
    dynamodb: new DynamoDBClient(at(dynamodbEndpoint)),
    s3: new S3Client({ ...at(s3Endpoint), forcePathStyle: s3Endpoint !== undefined }),
    sqs: new SQSClient(at(sqsEndpoint)),
  }
  try {
    const resources = resourcesOf(description, clients)
    const plan = await look(resources)
    if (options.json && options.check) process.stdout.write(`${JSON.stringify({ plan }, null, 2)}\n`)
    if (!options.json) process.stdout.write(`${toldAs(plan)}\n`)
    if (options.check) return plan.every(({ is }) => is === 'as wanted') ? 0 : 1

    const done: string[] = []
    const left = await apply(resources, (line) => {
      done.push(line)
      if (!options.json) process.stdout.write(`  ${line}\n`)
    })
    if (options.json) process.stdout.write(`${JSON.stringify({ plan, done, left }, null, 2)}\n`)
    else process.stdout.write(`${summary(done, left.length)}\n`)
    return left.length === 0 ? 0 : 1
  } finally {
    for (const client of [clients.dynamodb, clients.s3, clients.sqs]) client.destroy()
  }
}

function summary(done: string[], left: number): string {
  const did = done.length === 0 ? 'Nothing was to be done.' : `${done.length} done.`
  return left === 0
    ? did
    : `${did} ${left} still differ in what cannot be changed: only making them anew would help, and nothing is deleted here.`
}
