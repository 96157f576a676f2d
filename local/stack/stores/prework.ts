import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { describe, type Wishes } from '../../../deploy/provision/description.ts'
import { apply } from '../../../deploy/provision/plan.ts'
import { resourcesOf } from '../../../deploy/provision/resources.ts'
import { Plain } from '../../launch/plain.ts'
import type { StoreFacts } from '../stack-file.ts'
import type { Account } from './aws.ts'
import type { Opened } from './setting.ts'

type Aws = Pick<StoreFacts, 's3' | 'sqs' | 'dynamodb'>

/** Web apps in development are served from any port, and all products share one queue. */
export const wishesOf = ({ sqs }: Pick<StoreFacts, 'sqs'>): Wishes => ({
  environment: 'dev',
  provisioned: false,
  origins: ['*'],
  queue: sqs.queueUrl.split('/').at(-1) ?? '',
})

/** Pre-Work's tables, buckets and notifications in the stand-ins, made by the code that makes them in AWS. */
export async function provisionPrework(
  { region, credentials }: Account,
  facts: Aws,
): Promise<Opened<Pick<StoreFacts, 's3'>>> {
  const description = describe(wishesOf(facts))
  // The SDK writes a note of its own into the credentials it is given.
  const at = ({ endpoint }: { endpoint: string }) => ({ endpoint, region, credentials: { ...credentials } })
  const clients = {
    dynamodb: new DynamoDBClient(at(facts.dynamodb)),
    s3: new S3Client({ ...at(facts.s3), forcePathStyle: true }),
    sqs: new SQSClient(at(facts.sqs)),
  }
  try {
    const [left] = await apply(resourcesOf(description, { region, ...clients }), () => undefined)
    if (left)
      throw new Plain(`${left.name} of an earlier run has another shape: remove .local/data and start again`)
  } finally {
    for (const client of Object.values(clients)) client.destroy()
  }
  const { tables, buckets } = description
  return {
    note: `${tables.length} tables and ${buckets.length} buckets`,
    facts: { s3: { ...facts.s3, buckets: [...facts.s3.buckets, ...buckets.map(({ name }) => name)] } },
    env: { PREWORK_ENVIRONMENT: description.environment },
  }
}
