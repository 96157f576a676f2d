import { expect, test } from 'vitest'
import type { Event } from '../../../src/ingress/messages/event.ts'
import {
  checkReactions,
  inBucket,
  inPoolOf,
  reactTo,
  when,
  withoutPlace,
} from '../../../src/ingress/reactions.ts'
import { initiateUser } from '../../../src/jobs/anki/initiate-user.ts'
import { createProfile } from '../../../src/jobs/iep/create-profile.ts'
import { receiveDocument } from '../../../src/jobs/iep/receive-document.ts'
import { prepareAvatar } from '../../../src/jobs/lockin/prepare-avatar.ts'
import { processMedia } from '../../../src/jobs/prework/process-media.ts'
import { register } from '../../../src/jobs/define.ts'
import { registry } from '../../../src/jobs/index.ts'
import { readConfig } from '../../../src/shared/config.ts'
import { doNothing } from '../../support/jobs.ts'
import { ada, pool } from './documents.ts'

const config = readConfig({
  DATABASE_URL: 'postgres://nowhere/nothing',
  REDIS_URL: '/nowhere',
  ANKI_ISSUER: `https://cognito-idp.us-east-1.amazonaws.com/${pool}`,
  RUNDI_ISSUER: 'https://accounts.google.com',
})
const withIep = readConfig({
  DATABASE_URL: 'postgres://nowhere/nothing',
  REDIS_URL: '/nowhere',
  ANKI_ISSUER: `https://cognito-idp.us-east-1.amazonaws.com/${pool}`,
  IEP_ISSUER: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Iep',
  IEP_BUCKET: 'plans',
})
const withPrework = { ...withIep, prework: { environment: 'dev' as const } }
const withLockin = { ...withIep, lockin: { ...withIep.lockin, bucket: 'pictures' } }
const confirmed = {
  kind: 'cognito.user-confirmed',
  pool,
  sub: ada.sub,
  userName: ada.sub,
  email: ada.email,
} as const
const put = { kind: 's3.object-created', bucket: 'papers', key: 'a.pdf', size: 1, etag: 'e' } as const
const removed = { kind: 's3.object-removed', bucket: 'papers', key: 'a.pdf' } as const

test('every job that an event asks for is one that workers know', () => {
  expect(() => checkReactions(registry)).not.toThrow()
})

test('a reaction whose job no worker knows stops the process before it starts', () => {
  expect(() => checkReactions(register([]))).toThrow(
    'cognito.user-confirmed asks for anki.initiate-user, which is not in the list of jobs.',
  )
})

test('a confirmed sign-up in the Anki pool asks for an Anki user, and never renames one', () => {
  const [ask, ...others] = reactTo({ ...confirmed, preferredUsername: 'countess' }, config) ?? []

  expect(others).toEqual([])
  expect(ask).toEqual({
    job: initiateUser,
    data: { cognito_user_id: ada.sub, username: 'countess', email: ada.email, keepName: true },
    again: 'never',
  })
})

test.each([
  { chosen: { preferredUsername: 'countess', userName: 'ada' }, username: 'countess' },
  { chosen: { userName: 'ada_lovelace' }, username: 'ada_lovelace' },
  { chosen: { userName: ada.sub }, username: 'ada' },
])('somebody called $chosen becomes $username', ({ chosen, username }) => {
  const [ask] = reactTo({ ...confirmed, ...chosen }, config) ?? []

  expect(ask?.data).toMatchObject({ username })
})

test('a confirmed sign-up in the IEP pool asks for a profile, and tells nothing but who it is', () => {
  expect(reactTo({ ...confirmed, pool: 'us-east-1_Iep' }, withIep)).toEqual([
    { job: createProfile, data: { userId: ada.sub } },
  ])
})

test('one pool for two products asks for both', () => {
  const shared = { ...withIep, trust: { ...withIep.trust, iep: withIep.trust.anki } }

  expect(reactTo(confirmed, shared)?.map(({ job }) => job)).toEqual([initiateUser, createProfile])
})

const place = {
  userId: ada.sub,
  childId: '11111111-2222-4333-8444-555555555555',
  iepId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const arrived = {
  ...put,
  bucket: 'plans',
  key: `${place.userId}/${place.childId}/${place.iepId}/Ada’s plan.pdf`,
}

test('an object in the bucket of IEP is looked at; what its file is called stays behind', () => {
  expect(reactTo(arrived, withIep)).toEqual([{ job: receiveDocument, data: { ...place, writing: 'e' } }])
})

test('two writings of the same bytes are two, and one that is told twice is one', () => {
  const told = (sequencer: string) => reactTo({ ...arrived, sequencer }, withIep)?.[0]?.data

  expect(told('0055')).toEqual({ ...place, writing: '0055' })
  expect(told('0056')).not.toEqual(told('0055'))
})

test.each([
  'plan.pdf',
  'a/b/c/plan.pdf',
  `${place.userId}/${place.childId}/${place.iepId}/`,
  arrived.key + '/x',
])('nothing follows from an object at a key that was not given out: %s', (key) => {
  expect(reactTo({ ...arrived, key }, withIep)).toEqual([])
})

const avatar = {
  profileId: '11111111-2222-4333-8444-555555555555',
  avatarId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const folder = `avatars/${avatar.profileId}/${avatar.avatarId}`

test('a picture that somebody uploaded to LockIN is prepared, each writing for itself', () => {
  const uploaded = { ...put, bucket: 'pictures', key: `${folder}/original` }

  expect(reactTo(uploaded, withLockin)).toEqual([{ job: prepareAvatar, data: { ...avatar, writing: 'e' } }])
  expect(reactTo({ ...uploaded, sequencer: '0055' }, withLockin)?.[0]?.data).toEqual({
    ...avatar,
    writing: '0055',
  })
})

test.each([
  `${folder}/picture.webp`,
  `${folder}/original/x`,
  `/${folder}/original`,
  `avatars/${avatar.profileId}/original`,
  `${folder.toUpperCase()}/original`,
  'original',
])('nothing follows from what else is in its bucket: %s', (key) => {
  expect(reactTo({ ...put, bucket: 'pictures', key }, withLockin)).toEqual([])
})

const media = {
  userId: '11111111-2222-4333-8444-555555555555',
  mediaId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const upload = `uploads/${media.userId}/${media.mediaId}`

test.each([
  { which: 'uploads', bucket: 'pre-work-media-uploads-dev' },
  { which: 'documents', bucket: 'pre-work-documents-dev' },
])('what somebody uploaded to the $which of Pre-Work is processed, each writing for itself', (where) => {
  const uploaded = { ...put, bucket: where.bucket, key: upload }
  const data = { ...media, bucket: where.which, writing: 'e' }

  expect(reactTo(uploaded, withPrework)).toEqual([{ job: processMedia, data }])
  expect(reactTo({ ...uploaded, sequencer: '0055' }, withPrework)?.[0]?.data).toEqual({
    ...data,
    writing: '0055',
  })
  for (const key of [
    `media/${media.userId}/${media.mediaId}/0123`,
    `${upload}/x`,
    `/${upload}`,
    upload.toUpperCase(),
    `uploads/${media.userId}`,
  ])
    expect(reactTo({ ...uploaded, key }, withPrework), key).toEqual([])
})

test('the thumbnails of Pre-Work, and the buckets of its other environment, are not known', () => {
  for (const bucket of ['pre-work-thumbnails-dev', 'pre-work-media-uploads-prod'])
    expect(reactTo({ ...put, bucket, key: upload }, withPrework)).toBeUndefined()
  expect(reactTo({ ...put, bucket: 'pre-work-documents-dev', key: upload }, withIep)).toBeUndefined()
})

test('the document of one product is no picture of another', () => {
  expect(reactTo({ ...arrived, bucket: 'pictures' }, withLockin)).toEqual([])
  expect(reactTo({ ...put, bucket: 'plans', key: `${folder}/original` }, withLockin)).not.toContainEqual(
    expect.objectContaining({ job: prepareAvatar }),
  )
})

test('a pool or bucket that no product has is not known', () => {
  const strangers: Event[] = [{ ...confirmed, pool: 'us-east-1_other' }, put, removed]

  expect(strangers.map((event) => reactTo(event, config))).toEqual([undefined, undefined, undefined])
})

test('without an issuer, or with one that is no Cognito pool, a product has no pool', () => {
  const bare = { ...config, trust: { ...config.trust, anki: config.trust.iep } }

  expect(inPoolOf('iep')(config)).toBeUndefined()
  expect(inPoolOf('rundi')(config)).toBeUndefined()
  expect(inPoolOf('anki')(config)).toBe(`pool ${pool}`)
  expect(reactTo(confirmed, bare)).toBeUndefined()
  expect(withoutPlace(bare)).toEqual([
    'cognito.user-confirmed → anki.initiate-user',
    'cognito.user-confirmed → iep.create-profile',
    's3.object-created → iep.receive-document',
    's3.object-created → lockin.prepare-avatar',
    's3.object-created → prework.process-media',
    's3.object-created → prework.process-media',
  ])
  expect(withoutPlace({ ...withLockin, prework: withPrework.prework })).toEqual([])
})

test('a bucket is known as soon as anything follows from its objects; what else happens there means nothing', () => {
  const table = [
    when(
      's3.object-created',
      inBucket(() => 'papers'),
      doNothing,
      ({ key }) => ({ key }),
    ),
  ]

  expect(reactTo(put, config, table)).toEqual([{ job: doNothing, data: { key: 'a.pdf' } }])
  expect(reactTo(removed, config, table)).toEqual([])
  expect(reactTo({ ...put, bucket: 'others' }, config, table)).toBeUndefined()
})

test('a pool and a bucket of the same name are two places', () => {
  const table = [
    when(
      's3.object-created',
      inBucket(() => 'elsewhere'),
      doNothing,
      ({ key }) => ({ key }),
    ),
  ]

  expect(reactTo({ ...confirmed, pool: 'elsewhere' }, config, table)).toBeUndefined()
})

test('in the pool of a product that waits for no event nothing follows, and nothing is kept as strange', () => {
  expect(reactTo(confirmed, config, [])).toEqual([])
})

test('one event may ask for several jobs, in the order of the table', () => {
  const again: typeof doNothing = { ...doNothing, name: 'millrace.do-more' }
  const table = [
    when('cognito.user-confirmed', inPoolOf('anki'), doNothing, ({ sub }) => ({ key: sub })),
    when('cognito.user-confirmed', inPoolOf('anki'), again, ({ sub }) => ({ key: sub })),
  ]

  const asks = reactTo(confirmed, config, table) ?? []

  expect(asks.map(({ job }) => job.name)).toEqual(['millrace.do-nothing', 'millrace.do-more'])
})
