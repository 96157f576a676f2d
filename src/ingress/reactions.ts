import type { z } from 'zod'
import { initiateUser } from '../jobs/anki/initiate-user.ts'
import { placeOf } from '../domains/iep/objects.ts'
import { placeOfOriginal } from '../domains/lockin/avatars/places.ts'
import { bucketsOf } from '../domains/prework/buckets.ts'
import { placeOfUpload } from '../domains/prework/media/places.ts'
import { ask, type Ask, type Job, type Registry } from '../jobs/define.ts'
import { createProfile } from '../jobs/iep/create-profile.ts'
import { receiveDocument } from '../jobs/iep/receive-document.ts'
import { prepareAvatar } from '../jobs/lockin/prepare-avatar.ts'
import { processMedia } from '../jobs/prework/process-media.ts'
import { products, type Config, type Product } from '../shared/config.ts'
import type { Event, ObjectCreated, UserConfirmed } from './messages/event.ts'

/** What follows from what. Read from top to bottom, this is all that happens here because something happened elsewhere. */
export const reactions: Reaction[] = [
  // The event tells what was true when somebody signed up, and may come late: it makes a user but never renames one.
  when('cognito.user-confirmed', inPoolOf('anki'), initiateUser, initialUser, { again: 'never' }),
  when('cognito.user-confirmed', inPoolOf('iep'), createProfile, ({ sub }) => ({ userId: sub })),
  when(
    's3.object-created',
    inBucket(({ iep }) => iep.bucket),
    receiveDocument,
    arrivedDocument,
  ),
  when(
    's3.object-created',
    inBucket(({ lockin }) => lockin.bucket),
    prepareAvatar,
    arrivedAvatar,
  ),
  when('s3.object-created', inBucketOfPrework('uploads'), processMedia, arrivedMedia('uploads')),
  when('s3.object-created', inBucketOfPrework('documents'), processMedia, arrivedMedia('documents')),
]

function initialUser(user: UserConfirmed) {
  return { cognito_user_id: user.sub, username: usernameOf(user), email: user.email, keepName: true }
}

/** The name a person chose; a pool where people sign in by e-mail makes up a user name that is the id once more. */
function usernameOf({ preferredUsername, userName, sub, email }: UserConfirmed): string {
  return preferredUsername ?? (userName === sub ? localPartOf(email) : userName)
}

const localPartOf = (email: string): string => email.split('@')[0] ?? ''

/** Nothing follows from an object at a key that was not given out here. Its name, which may be a child's, stays behind. */
function arrivedDocument({ key, sequencer, etag }: ObjectCreated) {
  const place = placeOf(key)
  return place && { ...place, writing: sequencer ?? etag }
}

/** The pictures that are made here arrive in the same bucket, and nothing follows from them. */
function arrivedAvatar({ key, sequencer, etag }: ObjectCreated) {
  const place = placeOfOriginal(key)
  return place && { ...place, writing: sequencer ?? etag }
}

function inBucketOfPrework(which: 'uploads' | 'documents'): Reaction['place'] {
  return inBucket(({ prework: { environment } }) => environment && bucketsOf(environment)[which])
}

/** What is kept of uploads is written to the same bucket, and nothing follows from it. */
function arrivedMedia(bucket: 'uploads' | 'documents') {
  return ({ key, sequencer, etag }: ObjectCreated) => {
    const place = placeOfUpload(key)
    return place && { ...place, bucket, writing: sequencer ?? etag }
  }
}

/** Something that follows when an event of this kind comes from this place. */
export interface Reaction {
  kind: Event['kind']
  /** The pool or bucket; undefined when the configuration names none. */
  place: (config: Config) => Place | undefined
  job: Job
  follow: (event: Event) => Ask[]
}

/** A user pool or a bucket, by its name. */
export type Place = `pool ${string}` | `bucket ${string}`

/**
 * The jobs an event asks for: none when its place is known and nothing follows from what happened there, undefined
 * when the place is not known at all.
 */
export function reactTo(event: Event, config: Config, table: Reaction[] = reactions): Ask[] | undefined {
  const here = table.filter(({ place }) => place(config) === originOf(event))
  return here.length === 0 && !isOurs(event, config) ? undefined : here.flatMap(({ follow }) => follow(event))
}

/** A product's pool is known even while nothing follows from what happens there. */
const isOurs = (event: Event, config: Config): boolean =>
  products.some((product) => inPoolOf(product)(config) === originOf(event))

/**
 * Checks the table before anything starts.
 * @throws Error with a sentence: a reaction names a job that no worker knows.
 */
export function checkReactions(registry: Registry, table: Reaction[] = reactions): void {
  for (const { kind, job } of table) {
    if (registry.get(job.name) !== job)
      throw new Error(`${kind} asks for ${job.name}, which is not in the list of jobs.`)
  }
}

/** The reactions the configuration leaves without a pool or bucket, as a sentence each. */
export const withoutPlace = (config: Config, table: Reaction[] = reactions): string[] =>
  table.filter(({ place }) => !place(config)).map(({ kind, job }) => `${kind} → ${job.name}`)

export function when<Kind extends Event['kind'], Schema extends z.ZodType, Result>(
  kind: Kind,
  place: Reaction['place'],
  job: Job<Schema, Result>,
  /** Undefined when nothing follows from this one. */
  dataOf: (event: Extract<Event, { kind: Kind }>) => z.input<Schema> | undefined,
  options: Pick<Ask, 'again' | 'delay'> = {},
): Reaction {
  const isOurs = (event: Event): event is Extract<Event, { kind: Kind }> => event.kind === kind
  const follow = (event: Event): Ask[] => {
    const data = isOurs(event) ? dataOf(event) : undefined
    return data === undefined ? [] : [ask(job, data, options)]
  }
  return { kind, place, job, follow }
}

/** The Cognito pool whose tokens a product trusts: the last part of the issuer's path is the pool's id. */
export function inPoolOf(product: Product): Reaction['place'] {
  return ({ trust }) => {
    const { issuer } = trust[product]
    const pool = issuer && new URL(issuer).pathname.split('/').findLast((part) => part !== '')
    return pool ? `pool ${pool}` : undefined
  }
}

export function inBucket(nameOf: (config: Config) => string | undefined): Reaction['place'] {
  return (config) => {
    const name = nameOf(config)
    return name ? `bucket ${name}` : undefined
  }
}

const originOf = (event: Event): Place =>
  event.kind === 'cognito.user-confirmed' ? `pool ${event.pool}` : `bucket ${event.bucket}`
