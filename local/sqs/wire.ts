/**
 * What travels: AWS JSON 1.0, as the SQS service model of the SDK describes it. One type for all requests, every
 * field optional, because a request is whatever the caller sent; each operation says which fields it cannot do without.
 */
export interface Request {
  QueueUrl?: string
  QueueName?: string
  QueueNamePrefix?: string
  Attributes?: Record<string, string>
  AttributeNames?: string[]
  /** Tags of CreateQueue; the service model spells this one in lower case. */
  tags?: Record<string, string>
  Tags?: Record<string, string>
  TagKeys?: string[]
  Entries?: Entry[]
  MaxNumberOfMessages?: number
  WaitTimeSeconds?: number
  MessageSystemAttributeNames?: string[]
  MessageAttributeNames?: string[]
  SourceArn?: string
  DestinationArn?: string
  MaxResults?: number
  ReceiptHandle?: string
  VisibilityTimeout?: number
  MessageBody?: string
  DelaySeconds?: number
  MessageAttributes?: MessageAttributes
  MessageSystemAttributes?: MessageAttributes
  MessageGroupId?: string
  MessageDeduplicationId?: string
}

/** One message of a SendMessage or SendMessageBatch request. */
export type Outgoing = Pick<
  Request,
  | 'MessageBody'
  | 'DelaySeconds'
  | 'MessageAttributes'
  | 'MessageSystemAttributes'
  | 'MessageGroupId'
  | 'MessageDeduplicationId'
>

/** One entry of a batch request, of any of the three batch operations. */
export interface Entry extends Outgoing {
  Id: string
  ReceiptHandle?: string
  VisibilityTimeout?: number
}

export interface MessageAttribute {
  DataType: string
  StringValue?: string
  /** Base64 on the wire. */
  BinaryValue?: string
}
export type MessageAttributes = Record<string, MessageAttribute>

/** The answer to SendMessage. Fields that do not apply are left out by JSON. */
export interface Sent {
  MessageId: string
  MD5OfMessageBody: string
  MD5OfMessageAttributes: string | undefined
  MD5OfMessageSystemAttributes: string | undefined
  SequenceNumber?: string
}
