import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { describe } from '../../../deploy/provision/description.ts'
import { apply } from '../../../deploy/provision/plan.ts'
import { resourcesOf } from '../../../deploy/provision/resources.ts'
import { startDynamodb } from '../../../local/launch/dynamodb.ts'
import { Plain } from '../../../local/launch/plain.ts'
import { bucketsOf } from '../../../src/domains/prework/buckets.ts'
import { openPreworkStore, type PreworkStore } from '../../../src/domains/prework/store.ts'
import { readConfig } from '../../../src/shared/config.ts'
import { openBenchAsking, type BenchAsking } from '../../asking.ts'
import type { Message } from '../../program.ts'
import type { Stack } from '../../stack.ts'

/** Where Pre-Work is worked on: a fresh database, its tables and its buckets. */
export interface Place extends AsyncDisposable {
  /** Of every process of the product in it. */
  env: Record<string, string>
  databaseUrl: string
  asking: BenchAsking
  store: PreworkStore
  s3: S3Client
  pids: { dynamodb: number; s3: number }
}

export async function openPlace(stack: Stack): Promise<Place> {
  await stack.clearRedis()
  const closing = new AsyncDisposableStack()
  try {
    const directory = path.join(stack.directory, `prework-${randomUUID()}`)
    const dynamodb = await startDynamodb({ directory: path.join(directory, 'dynamodb') })
    stack.own(dynamodb)
    closing.defer(() => dynamodb.stop())
    if (dynamodb.pid === process.pid)
      throw new Plain('this needs the DynamoDB that knows transactions, which npm brings for Linux on x64')
    const standIn = stack.start('parts/prework/s3.ts', {
      env: { ...credentials, S3_DIRECTORY: path.join(directory, 's3') },
    })
    closing.defer(() => standIn.end())
    const at = await standIn.says<Message & { s3: string; region: string }>('up')
    const databaseUrl = await stack.databases.fresh('millrace')
    const env = {
      ...stack.env,
      ...credentials,
      DATABASE_URL: databaseUrl,
      PREWORK_ENVIRONMENT: environment,
      AWS_REGION: at.region,
      AWS_ENDPOINT_URL_S3: at.s3,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    }
    const s3 = new S3Client({ endpoint: at.s3, ...clientOptions(at.region), forcePathStyle: true })
    closing.defer(() => s3.destroy())
    await provision(dynamodb.endpoint, at.region, s3)
    const store = openPreworkStore(readConfig(env).aws, environment)
    closing.defer(() => store.documents.close())
    const asking = openBenchAsking(env)
    closing.use(asking)
    return {
      env,
      databaseUrl,
      asking,
      store,
      s3,
      pids: { dynamodb: dynamodb.pid, s3: standIn.pid },
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

const environment = 'dev'
const credentials = { AWS_ACCESS_KEY_ID: 'ADA', AWS_SECRET_ACCESS_KEY: 'ada-keeps-this-to-herself' }

const clientOptions = (region: string) => ({
  region,
  credentials: {
    accessKeyId: credentials.AWS_ACCESS_KEY_ID,
    secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY,
  },
})

/** The tables as they are provisioned, and buckets that tell nobody. */
async function provision(endpoint: string, region: string, s3: S3Client): Promise<void> {
  const at = { endpoint, ...clientOptions(region) }
  const clients = { dynamodb: new DynamoDBClient(at), sqs: new SQSClient(at), s3 }
  try {
    const description = describe({ environment, provisioned: false, origins: ['*'] })
    const tables = resourcesOf(description, { region, ...clients }).filter(({ kind }) => kind === 'table')
    if ((await apply(tables, () => undefined)).length > 0) throw new Error('The tables could not be made.')
    for (const Bucket of Object.values(bucketsOf(environment)))
      await s3.send(new CreateBucketCommand({ Bucket }))
  } finally {
    clients.dynamodb.destroy()
    clients.sqs.destroy()
  }
}
