/** What Pre-Work keeps in AWS, for one environment. From it everything is made: tables, buckets, queues, the template. */
export interface Description {
  environment: Environment
  tables: Table[]
  buckets: Bucket[]
  queue: Queue
}

export const environments = ['dev', 'prod'] as const
export type Environment = (typeof environments)[number]

/** A DynamoDB table and its indexes. Every key is a string. */
export interface Table {
  name: string
  key: string
  indexes: Index[]
  /** Units of reading and writing, for the table and for each index; on demand without. */
  provisioned: { read: number; write: number } | undefined
  /** Whether what was there in the last 35 days can be brought back, and the table cannot be deleted by mistake. */
  guarded: boolean
}

/** A global secondary index that holds whole items. */
export interface Index {
  name: string
  hash: string
  range?: string
}

export interface Bucket {
  name: string
  /** Web apps that may read and upload. */
  origins: string[]
  /** Days after which an object of a prefix is removed, or moved to where keeping it is cheap. */
  lifecycle: LifecycleRule[]
  /** Objects that are created below this prefix are told to the queue; none without. */
  tellsOf?: string
}

/** A bucket that tells the queue. */
export type Telling = Bucket & { tellsOf: string }

export interface LifecycleRule {
  id: string
  prefix: string
  action: { removeAfterDays: number } | { archiveAfterDays: number } | { abortUploadsAfterDays: number }
}

export interface Queue {
  name: string
  deadLetters: string
  /** How often a message may be taken before it counts as dead. */
  receives: number
  /** Seconds for which a message that was taken is nobody else's. */
  visibilitySeconds: number
}

export interface Wishes {
  environment: Environment
  /** As the guide writes the tables: five units each way. */
  provisioned: boolean
  origins: string[]
  /** The queue of another name, where several products share one. */
  queue?: string
}

export function describe({ environment, provisioned, origins, queue }: Wishes): Description {
  const named = (what: string): string => `pre-work-${what}-${environment}`
  const table = (what: string, key: string, ...indexes: Index[]): Table => ({
    name: named(what),
    key,
    indexes,
    provisioned: provisioned ? { read: 5, write: 5 } : undefined,
    guarded: environment === 'prod',
  })
  const bucket = (what: string): Bucket => ({ name: named(what), origins, lifecycle: [brokenOff] })
  const uploaded = (what: string): Telling => ({
    ...bucket(what),
    lifecycle: [brokenOff, left, archived],
    tellsOf: UPLOADS,
  })
  const events = queue ?? named('events')

  return {
    environment,
    tables: [
      table(
        'users',
        'userId',
        { name: 'EmailIndex', hash: 'email' },
        { name: 'RoleIndex', hash: 'role' },
        // Only the users who are active carry this attribute, so that all of them can be listed.
        { name: 'ActiveIndex', hash: 'active', range: 'userId' },
      ),
      table(
        'profiles',
        'profileId',
        { name: 'UserIdIndex', hash: 'userId' },
        { name: 'ManagerIdIndex', hash: 'managerId' },
      ),
      table(
        'submissions',
        'submissionId',
        { name: 'UserIdIndex', hash: 'userId' },
        { name: 'StatusIndex', hash: 'status' },
      ),
      table(
        'media',
        'mediaId',
        { name: 'UserIdIndex', hash: 'userId' },
        { name: 'SubmissionIdIndex', hash: 'submissionId' },
      ),
      // Ids of entries grow with time: a trail is read in the order in which it was written.
      table(
        'audit-log',
        'logId',
        { name: 'UserIdIndex', hash: 'userId', range: 'logId' },
        { name: 'EntityIdIndex', hash: 'entityId', range: 'logId' },
      ),
    ],
    buckets: [
      uploaded('media-uploads'),
      uploaded('documents'),
      // What is in there we made ourselves, and could make again.
      bucket('thumbnails'),
    ],
    queue: { name: events, deadLetters: `${events}-dead`, receives: 5, visibilitySeconds: 60 },
  }
}

/** Where files arrive, and where what is good of them is kept (`src/domains/prework/media/places.ts`). */
export const UPLOADS = 'uploads/'
export const KEPT = 'media/'

export const tells = (bucket: Bucket): bucket is Telling => bucket.tellsOf !== undefined

/** Parts of an upload that was never completed cost money and cannot be seen. */
const brokenOff: LifecycleRule = {
  id: 'abort-left-uploads',
  prefix: '',
  action: { abortUploadsAfterDays: 1 },
}

/** A job removes them as soon as they were looked at: this is for those whose job was lost, or who came after it. */
const left: LifecycleRule = { id: 'remove-left-uploads', prefix: UPLOADS, action: { removeAfterDays: 2 } }

/** What is not looked at moves by itself to where keeping it is cheap. */
const archived: LifecycleRule = { id: 'archive', prefix: KEPT, action: { archiveAfterDays: 30 } }
