import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type QueueConfiguration,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Telling } from './description.ts'
import type { Aspect } from './plan.ts'

/** What a bucket tells the queue. */
export const notifications = (
  client: S3Client,
  { name: Bucket, tellsOf }: Telling,
  findQueueArn: () => Promise<string | undefined>,
): Aspect => {
  const wanted = async () => ({
    queue: (await findQueueArn()) ?? 'the queue that is to be made',
    events: ['s3:ObjectCreated:*'],
    below: tellsOf,
  })
  const read = async () => {
    const found = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    return found.QueueConfigurations ?? []
  }
  return {
    name: 'notifications',
    wanted,
    read: async () => {
      const ours = (await read()).find(({ Id }) => Id === NOTIFICATION)
      return ours ? { queue: ours.QueueArn, events: ours.Events, below: belowOf(ours) } : 'not set'
    },
    // What else the bucket tells to whom stays as it is.
    write: async () => {
      const found = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
      const { queue } = await wanted()
      const others = (found.QueueConfigurations ?? []).filter(({ Id }) => Id !== NOTIFICATION)
      await client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: {
            ...(found.TopicConfigurations ? { TopicConfigurations: found.TopicConfigurations } : {}),
            ...(found.LambdaFunctionConfigurations
              ? { LambdaFunctionConfigurations: found.LambdaFunctionConfigurations }
              : {}),
            ...(found.EventBridgeConfiguration
              ? { EventBridgeConfiguration: found.EventBridgeConfiguration }
              : {}),
            QueueConfigurations: [
              ...others,
              {
                Id: NOTIFICATION,
                QueueArn: queue,
                Events: ['s3:ObjectCreated:*'],
                Filter: filterFor(tellsOf),
              },
            ],
          },
        }),
      )
    },
  }
}

const NOTIFICATION = 'millrace-events'

const filterFor = (prefix: string) => ({
  Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] },
})

/** The prefix; the whole filter where it is about something else too. S3 gives names back with a capital. */
function belowOf({ Filter }: QueueConfiguration): unknown {
  const rules = Filter?.Key?.FilterRules ?? []
  const [rule, another] = rules
  if (!rule) return ''
  return rule.Name?.toLowerCase() === 'prefix' && !another ? rule.Value : rules
}
