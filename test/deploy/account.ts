import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type Description, type Wishes } from '../../deploy/provision/description.ts'
import type { Clients } from '../../deploy/provision/resources.ts'
import type { Resource } from '../../deploy/provision/plan.ts'
import { startDynamodb } from '../../local/launch/dynamodb.ts'
import { startS3 } from '../../local/s3/server.ts'
import { startSqs } from '../../local/sqs/server.ts'

export const region = 'us-east-1'
export const credentials = { accessKeyId: 'ada', secretAccessKey: 'secret-of-ada' }
export const dev: Wishes = { environment: 'dev', provisioned: false, origins: ['http://localhost:3001'] }
export const prod: Wishes = { environment: 'prod', provisioned: true, origins: ['https://app.example.org'] }

/** An AWS account with nothing in it, played by the stand-ins. */
export interface Account extends AsyncDisposable {
  endpoints: Endpoints
  /** What a person changes by hand with. */
  hand: Clients
  /** As `npm run provision` reads it. */
  env: Record<string, string>
}

export interface Endpoints {
  dynamodb: string
  s3: string
  sqs: string
}

export async function startAccount(): Promise<Account> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-provision-'))
  const sqs = await startSqs({ journal: path.join(directory, 'sqs.jsonl'), region })
  const s3 = await startS3({
    directory: path.join(directory, 's3'),
    region,
    credentials,
    sendToQueue: (arn: string, body: string) => sqs.send(arn, body),
  })
  const dynamodb = await startDynamodb({
    directory: path.join(directory, 'dynamodb'),
    say: () => undefined,
  })
  const endpoints = { dynamodb: dynamodb.endpoint, s3: s3.endpoint, sqs: sqs.endpoint }
  const hand = clientsOf(endpoints)
  return {
    endpoints,
    hand,
    env: envOf(endpoints),
    [Symbol.asyncDispose]: async () => {
      closeAll(hand)
      await Promise.all([dynamodb.stop(), s3.stop(), sqs.stop()])
      await rm(directory, { recursive: true })
    },
  }
}

export function clientsOf(endpoints: Endpoints): Clients {
  const at = (endpoint: string) => ({ endpoint, region, credentials: { ...credentials } })
  return {
    region,
    dynamodb: new DynamoDBClient(at(endpoints.dynamodb)),
    s3: new S3Client({ ...at(endpoints.s3), forcePathStyle: true }),
    sqs: new SQSClient(at(endpoints.sqs)),
  }
}

export function closeAll({ dynamodb, s3, sqs }: Clients): void {
  for (const client of [dynamodb, s3, sqs]) client.destroy()
}

export const envOf = ({ dynamodb, s3, sqs }: Endpoints): Record<string, string> => ({
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  AWS_ENDPOINT_URL_S3: s3,
  AWS_ENDPOINT_URL_SQS: sqs,
})

/** What is wanted, under names of a test's own: several tests share one account. */
export const named = (who: string, wishes: Wishes): Description =>
  JSON.parse(JSON.stringify(describe(wishes)).replaceAll('pre-work-', `${who}-`)) as Description

/** Those of one kind, of the names that end so. */
export const only = (resources: Resource[], kind: Resource['kind'], ending = ''): Resource[] =>
  resources.filter((each) => each.kind === kind && each.name.endsWith(ending))
