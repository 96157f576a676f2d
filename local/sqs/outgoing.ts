import { createHash, randomUUID } from 'node:crypto'
import { invalid, missing, SqsError } from './errors.ts'
import { md5OfAttributes, md5OfText, sizeOf } from './message.ts'
import type { Message } from './message.ts'
import type { Outgoing, Sent } from './wire.ts'

/** What of its queue a message needs to know when it is made. */
export interface Mould {
  accountId: string
  fifo: boolean
  contentBasedDeduplication: boolean
  /** Seconds; FIFO queues take no other delay. */
  delay: number
  maximumSize: number
}

/** The message a request asks for, and the answer that goes back. @throws SqsError when SQS would refuse it. */
export function compose(request: Outgoing, mould: Mould): { message: Message; answer: Sent } {
  const body = checkBody(request, mould)
  const now = Date.now()
  const delay = delayOf(request, mould)
  const trace = request.MessageSystemAttributes?.AWSTraceHeader?.StringValue
  const message: Message = {
    id: randomUUID(),
    body,
    attributes: request.MessageAttributes ?? {},
    system: {
      SenderId: mould.accountId,
      SentTimestamp: String(now),
      ...(trace !== undefined && { AWSTraceHeader: trace }),
      ...(request.MessageGroupId && { MessageGroupId: request.MessageGroupId }), // of standard queues too: fair queues
      ...(mould.fifo && fifoAttributes(request, mould)),
    },
    sentAt: now,
    visibleAt: now + delay * 1000,
    receives: 0,
  }
  const answer: Sent = {
    MessageId: message.id,
    MD5OfMessageBody: md5OfText(body),
    MD5OfMessageAttributes: md5OfAttributes(request.MessageAttributes),
    MD5OfMessageSystemAttributes: md5OfAttributes(request.MessageSystemAttributes),
    ...(message.system.SequenceNumber && { SequenceNumber: message.system.SequenceNumber }),
  }
  return { message, answer }
}

function checkBody({ MessageBody: body, MessageAttributes: attributes }: Outgoing, mould: Mould): string {
  if (!body) throw missing('MessageBody')
  if (notAllowed.test(body)) {
    throw new SqsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    )
  }
  if (Object.keys(attributes ?? {}).length > 10) {
    throw new SqsError(
      'InvalidParameterValue',
      'Number of message attributes exceeds the allowed maximum [10].',
    )
  }
  if (sizeOf(body, attributes) > mould.maximumSize) {
    throw new SqsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${mould.maximumSize} bytes.`,
    )
  }
  return body
}

// eslint-disable-next-line no-control-regex -- the set is SQS's own: control characters are what it refuses
const notAllowed = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

function delayOf({ DelaySeconds: delay }: Outgoing, mould: Mould): number {
  if (delay === undefined) return mould.delay
  if (!(delay >= 0 && delay <= 900))
    throw invalid(delay, 'DelaySeconds', 'DelaySeconds must be >= 0 and <= 900.')
  if (mould.fifo && delay > 0) {
    throw invalid(
      delay,
      'DelaySeconds',
      'The request include parameter that is not valid for this queue type.',
    )
  }
  return delay
}

function fifoAttributes(request: Outgoing, mould: Mould): Record<string, string> {
  if (!request.MessageGroupId) throw missing('MessageGroupId')
  const contentKey = mould.contentBasedDeduplication
    ? createHash('sha256')
        .update(request.MessageBody ?? '')
        .digest('hex')
    : undefined
  const key = request.MessageDeduplicationId ?? contentKey
  if (!key) {
    throw new SqsError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  }
  return { SequenceNumber: nextSequenceNumber(), MessageDeduplicationId: key }
}

/** Grows over restarts too: microseconds since 1970, and always more than the last one given out. */
function nextSequenceNumber(): string {
  const clock = BigInt(Date.now()) * 1000n
  lastSequenceNumber = clock > lastSequenceNumber ? clock : lastSequenceNumber + 1n
  return String(18_000_000_000_000_000_000n + lastSequenceNumber)
}

let lastSequenceNumber = 0n
