import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe } from '../../../deploy/provision/description.ts'
import { apply } from '../../../deploy/provision/plan.ts'
import { resourcesOf } from '../../../deploy/provision/resources.ts'
import { startDynamodb } from '../../../local/launch/dynamodb.ts'

const region = 'us-east-1'
const credentials = { accessKeyId: 'ada', secretAccessKey: 'secret-of-ada' }

/** A DynamoDB of a test's own, with Pre-Work's tables as they are provisioned. */
export interface PreworkTables {
  endpoint: string
  /** As the configuration has it. */
  aws: {
    region: string
    credentials: { accessKeyId: string; secretAccessKey: string }
    s3Endpoint: undefined
    sqsEndpoint: undefined
    dynamodbEndpoint: string
  }
  /** Makes a web process use it. */
  env: Record<string, string>
  stop(): Promise<void>
}

export async function startTables(): Promise<PreworkTables> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-prework-'))
  const { endpoint, stop } = await startDynamodb({ directory, say: () => undefined })
  await provision(endpoint)
  return {
    endpoint,
    aws: { region, credentials, s3Endpoint: undefined, sqsEndpoint: undefined, dynamodbEndpoint: endpoint },
    env: {
      PREWORK_ENVIRONMENT: 'dev',
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    },
    stop: async () => {
      await stop()
      await rm(directory, { recursive: true })
    },
  }
}

/** The tables only; the clients of the other stores are asked for nothing. */
async function provision(endpoint: string): Promise<void> {
  const at = { endpoint, region, credentials: { ...credentials } }
  const clients = { dynamodb: new DynamoDBClient(at), s3: new S3Client(at), sqs: new SQSClient(at) }
  const description = describe({ environment: 'dev', provisioned: false, origins: ['*'] })
  const tables = resourcesOf(description, { region, ...clients }).filter(({ kind }) => kind === 'table')
  const left = await apply(tables, () => undefined)
  for (const client of Object.values(clients)) client.destroy()
  if (left.length > 0) throw new Error('The tables could not be made.')
}
