import { createHash } from 'node:crypto'
import type { MessageAttribute, MessageAttributes } from './wire.ts'

/** A message as the queue keeps it. Times are milliseconds since 1970. */
export interface Message {
  id: string
  body: string
  attributes: MessageAttributes
  /** What ReceiveMessage reports as system attributes, except the two that change with every receive. */
  system: Record<string, string>
  sentAt: number
  /** From this moment on it can be received: the end of its delay, or of the visibility timeout of its last receive. */
  visibleAt: number
  receives: number
  firstReceivedAt?: number
  /** The handle given out by the last receive; it alone still holds the message. */
  handle?: string
}

/** The MD5 that the SDK compares with its own: over name, type and value in the order of the names (SQS Developer Guide). */
export function md5OfAttributes(attributes: MessageAttributes | undefined): string | undefined {
  const sorted = Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  if (sorted.length === 0) return undefined

  const hash = createHash('md5')
  for (const [name, attribute] of sorted) {
    const binary = attribute.DataType.startsWith('Binary')
    hash.update(withLength(Buffer.from(name)))
    hash.update(withLength(Buffer.from(attribute.DataType)))
    hash.update(Buffer.from([binary ? 2 : 1]))
    hash.update(withLength(valueOf(attribute)))
  }
  return hash.digest('hex')
}

export function md5OfText(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** Bytes that count towards the size limits: the body, and the names, types and values of the attributes. */
export function sizeOf(body: string, attributes: MessageAttributes | undefined): number {
  let size = Buffer.byteLength(body)
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + valueOf(attribute).length
  }
  return size
}

/** The message as ReceiveMessage answers it, with the attributes that were asked for and no others. */
export function asReceived(
  message: Message,
  wanted: { attributes: string[]; system: string[] },
): Record<string, unknown> {
  const attributes = pick(message.attributes, (name) => wanted.attributes.some((want) => matches(name, want)))
  const system = pick(
    systemAttributes(message),
    (name) => wanted.system.includes('All') || wanted.system.includes(name),
  )
  return {
    MessageId: message.id,
    ReceiptHandle: message.handle,
    MD5OfBody: md5OfText(message.body),
    Body: message.body,
    Attributes: Object.keys(system).length > 0 ? system : undefined,
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    MD5OfMessageAttributes: md5OfAttributes(attributes),
  }
}

function systemAttributes(message: Message): Record<string, string> {
  return {
    ...message.system,
    ApproximateReceiveCount: String(message.receives),
    ...(message.firstReceivedAt && { ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt) }),
  }
}

/** `All`, `.*`, a name, or a prefix such as `trace.*`. */
function matches(name: string, want: string): boolean {
  if (want === 'All' || want === '.*' || want === name) return true
  return want.endsWith('.*') && name.startsWith(want.slice(0, -1))
}

function pick<Value>(from: Record<string, Value>, chosen: (name: string) => boolean): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => chosen(name)))
}

function valueOf(attribute: MessageAttribute): Buffer {
  return attribute.StringValue === undefined
    ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
    : Buffer.from(attribute.StringValue)
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
