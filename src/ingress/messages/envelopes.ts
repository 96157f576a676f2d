/** What an envelope holds and in which field, or why there is nothing in it for us. */
export type Opened = { field: string; content: unknown } | { nothing: string }

/**
 * An SNS notification as SQS delivers it: the message is JSON in a string. With raw delivery there is no envelope.
 * Source: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format".
 */
export function openSns(document: Record<string, unknown>): Opened {
  if (document.Type === 'SubscriptionConfirmation' || document.Type === 'UnsubscribeConfirmation')
    return { nothing: 'SNS confirms a subscription' }
  return { field: 'Message', content: document.Message }
}

/**
 * An event of EventBridge. Whoever forwards something by it (a Lambda with a Cognito trigger, a pipe) chooses `source`
 * and `detail-type` freely, so neither is looked at.
 * Source: Amazon EventBridge User Guide, "Event structure".
 */
export function openEventBridge(document: Record<string, unknown>): Opened {
  if (document.source === 'aws.s3') return { nothing: 'S3 tells something nothing follows from' }
  return { field: 'detail', content: document.detail }
}
