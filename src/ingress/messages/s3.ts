import { z } from 'zod'
import {
  unreadable,
  type Event,
  type ObjectCreated,
  type ObjectRemoved,
  type Path,
  type Read,
} from './event.ts'
import { issueOf, object, text } from './shape.ts'

/**
 * A notification of S3: several records, whose keys are encoded as in a form. A record nothing follows from is passed
 * over; one that cannot be read makes the whole message unreadable.
 * Source: Amazon S3 User Guide, "Event message structure": compare the major version for equality, and take whatever
 * a minor one adds.
 */
export function readNotification(document: Record<string, unknown>, at: Path): Read {
  const { Records: records } = document
  const there = [...at, 'Records']
  if (!Array.isArray(records)) return unreadable(there, 'is not a list')
  const events: Event[] = []
  for (const [index, record] of records.entries()) {
    const read = readRecord(record, [...there, index])
    if ('unreadable' in read) return read
    if ('events' in read) events.push(...read.events)
  }
  return events.length > 0 ? { events } : { nothing: 'an S3 notification nothing follows from' }
}

/**
 * An event S3 gave to EventBridge, whose key is in no encoding; undefined when the envelope holds something else.
 * Source: Amazon S3 User Guide, "EventBridge event message structure".
 */
export function readObjectEvent(document: Record<string, unknown>, at: Path): Read | undefined {
  const there = [...at, 'detail']
  if (document['detail-type'] === 'Object Created') return eventOf(createdDetail, document.detail, there)
  if (document['detail-type'] === 'Object Deleted') return eventOf(removedDetail, document.detail, there)
  return undefined
}

function readRecord(record: unknown, at: Path): Read {
  const heading = recordHeading.safeParse(record)
  if (!heading.success) return unreadable(...issueOf(heading.error, at))
  const name = heading.data.eventName
  if (name.startsWith('ObjectCreated:')) return eventOf(createdRecord, record, at)
  // What a lifecycle rule deletes is as gone as what a person deleted.
  if (name.startsWith('ObjectRemoved:') || name.startsWith('LifecycleExpiration:'))
    return eventOf(removedRecord, record, at)
  return { nothing: 'an S3 event nothing follows from' }
}

function eventOf(schema: z.ZodType<Event>, document: unknown, at: Path): Read {
  const parsed = schema.safeParse(document)
  return parsed.success ? { events: [parsed.data] } : unreadable(...issueOf(parsed.error, at))
}

const recordHeading = object({
  eventVersion: text.regex(/^2\.\d+$/, 'is not version 2'),
  eventSource: z.literal('aws:s3', 'is not aws:s3'),
  eventName: text,
})

/** `red+flower%2B.jpg` is `red flower+.jpg`. */
const formEncoded = text.transform((key, check) => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    check.addIssue({ code: 'custom', message: 'is not encoded as in a form' })
    return z.NEVER
  }
})

const bytes = z.int('is missing or not a whole number').min(0, 'is negative')
const maybe = z.string('is not text').optional()
const bucket = object({ name: text })

const removedObject = object({ key: formEncoded, versionId: maybe, sequencer: maybe })
const createdObject = removedObject.extend({ size: bytes, eTag: text })
const removedRecord = object({ s3: object({ bucket, object: removedObject }) }).transform(({ s3 }) =>
  removed(s3),
)
const createdRecord = object({ s3: object({ bucket, object: createdObject }) }).transform(({ s3 }) =>
  created(s3),
)

/** The same fields by their names on EventBridge. Older details carry no version of their own. */
const heading = {
  'event-version': maybe.refine((version) => /^1\.|^$/.test(version ?? ''), 'is not version 1'),
  bucket,
}
const removedInDetail = object({ key: text, 'version-id': maybe, sequencer: maybe })
const createdInDetail = removedInDetail.extend({ size: bytes, etag: text })
const removedDetail = object({ ...heading, object: removedInDetail }).transform(({ bucket, object }) =>
  removed({ bucket, object: { ...object, versionId: object['version-id'] } }),
)
const createdDetail = object({ ...heading, object: createdInDetail }).transform(({ bucket, object }) =>
  created({ bucket, object: { ...object, versionId: object['version-id'], eTag: object.etag } }),
)

interface Removed {
  bucket: { name: string }
  object: { key: string; versionId?: string | undefined; sequencer?: string | undefined }
}
type Created = Removed & { object: { size: number; eTag: string } }

const removed = (of: Removed): ObjectRemoved => ({ kind: 's3.object-removed', ...placeOf(of) })
const created = (of: Created): ObjectCreated => ({
  kind: 's3.object-created',
  ...placeOf(of),
  size: of.object.size,
  etag: of.object.eTag,
})

const placeOf = ({ bucket, object: { key, versionId, sequencer } }: Removed) => ({
  bucket: bucket.name,
  key,
  ...(versionId ? { versionId } : {}),
  ...(sequencer ? { sequencer } : {}),
})
