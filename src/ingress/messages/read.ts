import { readTrigger } from './cognito.ts'
import { openEventBridge, openSns } from './envelopes.ts'
import { unreadable, type Path, type Read } from './event.ts'
import { readNotification, readObjectEvent } from './s3.ts'

/**
 * Reads one message of the event queue: a Cognito trigger or an S3 notification, plain or in up to three envelopes of
 * SNS and EventBridge. Fields nobody knows are ignored; never throws.
 */
export function readMessage(body: string): Read {
  return readText(body, [])
}

/** Each envelope adds one name to the path, so that the path's length says how deep we are. */
const ENVELOPES_AT_MOST = 3

function readText(text: string, at: Path): Read {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return unreadable(at, 'is not JSON')
  }
  return readDocument(document, at)
}

function readDocument(document: unknown, at: Path): Read {
  if (!isObject(document)) return unreadable(at, 'is not an object')
  if ('triggerSource' in document) return readTrigger(document, at)
  if ('Records' in document) return readNotification(document, at)
  if (document.Event === 's3:TestEvent') return { nothing: 'S3 tries out a notification' }
  if ('detail-type' in document)
    return readObjectEvent(document, at) ?? readInside(openEventBridge(document), at)
  if ('TopicArn' in document) return readInside(openSns(document), at)
  return unreadable(at, 'is no kind of message known here')
}

function readInside(inside: ReturnType<typeof openSns | typeof openEventBridge>, at: Path): Read {
  if ('nothing' in inside) return inside
  if (at.length >= ENVELOPES_AT_MOST) return unreadable(at, `is in more than ${ENVELOPES_AT_MOST} envelopes`)
  const there = [...at, inside.field]
  return typeof inside.content === 'string'
    ? readText(inside.content, there)
    : readDocument(inside.content, there)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
