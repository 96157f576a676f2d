import { describe, expect, test } from 'vitest'
import type { Event, Read } from '../../../src/ingress/messages/event.ts'
import { readMessage } from '../../../src/ingress/messages/read.ts'
import { ada, byEventBridge, bySns, fixture, signUp } from './documents.ts'

const confirmed: Event = {
  kind: 'cognito.user-confirmed',
  pool: 'us-east-1_ABC123',
  sub: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
  userName: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
  email: 'user@example.com',
  emailVerified: true,
}
const put: Event = {
  kind: 's3.object-created',
  bucket: 'mybucket',
  key: 'HappyFace.jpg',
  size: 1024,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
  sequencer: '0055AED6DCD90281E5',
}

/** Every document as it is published, and what it says. */
const said: Record<string, Read> = {
  'cognito-sign-up-confirmed': { events: [confirmed] },
  'cognito-sign-up-confirmed.by-eventbridge': { events: [confirmed] },
  'cognito-sign-up-confirmed.emulator': {
    events: [
      {
        kind: 'cognito.user-confirmed',
        pool: 'local_13msxrON',
        sub: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
        userName: 'f7bf6d67-99f9-4e4d-9012-8a3cda431f31',
        email: 'parent@example.com',
      },
    ],
  },
  'cognito-new-password-confirmed': { nothing: 'a Cognito trigger nothing follows from' },
  's3-object-put': { events: [put] },
  's3-object-put.by-sns': { events: [put] },
  's3-object-put.by-eventbridge': {
    events: [
      {
        kind: 's3.object-created',
        bucket: 'amzn-s3-demo-bucket1',
        key: 'example-key',
        size: 5,
        etag: 'b1946ac92492d2347c6235b4d2611184',
        versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
        sequencer: '617f08299329d189',
      },
    ],
  },
  's3-object-uploaded-in-parts': {
    events: [
      {
        kind: 's3.object-created',
        bucket: 'amzn-s3-demo-bucket',
        key: 'iep/red flower é+c.pdf',
        size: 7217500,
        etag: 'f46acf0a816c7dfcfdf3df1ae38e5c00-3',
        sequencer: '006A6EF6F74389E232',
      },
    ],
  },
  's3-object-deleted': {
    events: [
      {
        kind: 's3.object-removed',
        bucket: 'mybucket',
        key: 'HappyFace.jpg',
        sequencer: '0055AED6DCD90281E6',
      },
    ],
  },
  's3-test-event': { nothing: 'S3 tries out a notification' },
  's3-test-event.by-sns': { nothing: 'S3 tries out a notification' },
}

const wrappings: Record<string, (document: unknown) => unknown> = {
  plain: (document) => document,
  'by SNS': bySns,
  'by EventBridge': byEventBridge,
  'by EventBridge and SNS': (document) => bySns(byEventBridge(document)),
  'by SNS and EventBridge': (document) => byEventBridge(bySns(document)),
}
const cases = Object.entries(said).flatMap(([name, read]) =>
  Object.entries(wrappings).map(([how, wrap]) => ({ name, how, body: wrap(fixture(name)), read })),
)

describe('a message says the same in every envelope', () => {
  test.each(cases)('$name $how', ({ body, read }) => {
    expect(readMessage(JSON.stringify(body))).toEqual(read)
  })
})

/** One change to a published document, and what is said about it then. */
const changed: { what: string; body: unknown; read: Read }[] = [
  {
    what: 'three envelopes are opened',
    body: bySns(byEventBridge(bySns(fixture('s3-object-put')))),
    read: { events: [put] },
  },
  {
    what: 'a fourth is not',
    body: byEventBridge(bySns(byEventBridge(bySns(fixture('s3-object-put'))))),
    read: { unreadable: 'detail.Message.detail is in more than 3 envelopes' },
  },
  {
    what: 'SNS confirms a subscription',
    body: { ...bySns({}), Type: 'SubscriptionConfirmation', Message: 'You have chosen to subscribe' },
    read: { nothing: 'SNS confirms a subscription' },
  },
  {
    what: 'SNS carries plain text',
    body: { ...bySns({}), Message: 'the secret of Ada' },
    read: { unreadable: 'Message is not JSON' },
  },
  {
    what: 'S3 tells EventBridge about tags',
    body: { ...fixture('s3-object-put.by-eventbridge'), 'detail-type': 'Object Tags Added' },
    read: { nothing: 'S3 tells something nothing follows from' },
  },
  {
    what: 'EventBridge tells of a deletion',
    body: { ...fixture('s3-object-put.by-eventbridge'), 'detail-type': 'Object Deleted' },
    read: {
      events: [
        {
          kind: 's3.object-removed',
          bucket: 'amzn-s3-demo-bucket1',
          key: 'example-key',
          versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
          sequencer: '617f08299329d189',
        },
      ],
    },
  },
  {
    what: 'a key on EventBridge is in no encoding',
    body: byEventBridgeWith({ key: 'red+flower%20.jpg' }),
    read: {
      events: [{ kind: 's3.object-created', bucket: 'b', key: 'red+flower%20.jpg', size: 5, etag: 'e' }],
    },
  },
  {
    what: 'an object event of another major version',
    body: byEventBridgeWith({ key: 'k' }, { 'event-version': '2.0' }),
    read: { unreadable: 'detail.event-version is not version 1' },
  },
  {
    what: 'an object event without a version, as older ones are',
    body: byEventBridgeWith({ key: 'k' }),
    read: { events: [{ kind: 's3.object-created', bucket: 'b', key: 'k', size: 5, etag: 'e' }] },
  },
  {
    what: 'another trigger of Cognito',
    body: signUp(ada, { triggerSource: 'PostAuthentication_Authentication' }),
    read: { nothing: 'a Cognito trigger nothing follows from' },
  },
  {
    what: 'a trigger Cognito does not have yet',
    body: signUp(ada, { triggerSource: 'PostConfirmation_SomethingNew', request: null }),
    read: { nothing: 'a Cognito trigger nothing follows from' },
  },
  {
    what: 'a preferred user name and booleans that are no text',
    body: signUp(ada, {
      request: {
        userAttributes: {
          sub: ada.sub,
          email: ada.email,
          email_verified: false,
          preferred_username: ' Countess ',
        },
      },
    }),
    read: {
      events: [
        {
          kind: 'cognito.user-confirmed',
          pool: 'us-east-1_ABC123',
          sub: ada.sub,
          userName: ada.sub,
          email: ada.email,
          preferredUsername: 'Countess',
          emailVerified: false,
        },
      ],
    },
  },
  {
    what: 'a sign-up without an address',
    body: signUp(ada, { request: { userAttributes: { sub: ada.sub } } }),
    read: { unreadable: 'request.userAttributes.email is missing or not text' },
  },
  {
    what: 'a sign-up without attributes, in an envelope',
    body: bySns(signUp(ada, { request: {} })),
    read: { unreadable: 'Message.request.userAttributes is missing or not an object' },
  },
  {
    what: 'no record at all',
    body: { Records: [] },
    read: { nothing: 'an S3 notification nothing follows from' },
  },
  { what: 'records that are no list', body: { Records: {} }, read: { unreadable: 'Records is not a list' } },
  {
    what: 'a record that is none',
    body: { Records: [null] },
    read: { unreadable: 'Records.0 is missing or not an object' },
  },
  {
    what: 'a minor version of S3 nobody knows yet, with fields nobody knows',
    body: recordWith({ eventVersion: '2.99', novelty: { any: 'thing' } }),
    read: { events: [put] },
  },
  {
    what: 'another major version of S3',
    body: recordWith({ eventVersion: '3.0' }),
    read: { unreadable: 'Records.0.eventVersion is not version 2' },
  },
  {
    what: 'a version that only begins like ours',
    body: recordWith({ eventVersion: '21.0' }),
    read: { unreadable: 'Records.0.eventVersion is not version 2' },
  },
  {
    what: 'records of another service',
    body: recordWith({ eventSource: 'aws:sns' }),
    read: { unreadable: 'Records.0.eventSource is not aws:s3' },
  },
  {
    what: 'an S3 event nothing follows from',
    body: recordWith({ eventName: 'ObjectTagging:Put' }),
    read: { nothing: 'an S3 notification nothing follows from' },
  },
  {
    what: 'a key that is no encoding of anything',
    body: recordWith({ s3: { bucket: { name: 'mybucket' }, object: { key: '%E0%A4', size: 1, eTag: 'e' } } }),
    read: { unreadable: 'Records.0.s3.object.key is not encoded as in a form' },
  },
  {
    what: 'an object without a size',
    body: recordWith({ s3: { bucket: { name: 'mybucket' }, object: { key: 'k', eTag: 'e' } } }),
    read: { unreadable: 'Records.0.s3.object.size is missing or not a whole number' },
  },
  {
    what: 'a lifecycle rule deletes',
    body: recordWith({ eventName: 'LifecycleExpiration:Delete' }),
    read: {
      events: [
        {
          kind: 's3.object-removed',
          bucket: 'mybucket',
          key: 'HappyFace.jpg',
          versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
          sequencer: '0055AED6DCD90281E5',
        },
      ],
    },
  },
  {
    what: 'several records, one of them without consequence',
    body: { Records: [...recordsOf('s3-object-put'), ...recordsOf('s3-object-deleted'), tagging()] },
    read: {
      events: [
        put,
        {
          kind: 's3.object-removed',
          bucket: 'mybucket',
          key: 'HappyFace.jpg',
          sequencer: '0055AED6DCD90281E6',
        },
      ],
    },
  },
  { what: 'a list', body: [fixture('s3-object-put')], read: { unreadable: 'the body is not an object' } },
  { what: 'null', body: null, read: { unreadable: 'the body is not an object' } },
  {
    what: 'something else',
    body: { hello: 'Ada' },
    read: { unreadable: 'the body is no kind of message known here' },
  },
]

describe('a message with something special', () => {
  test.each(changed)('$what', ({ body, read }) => {
    expect(readMessage(JSON.stringify(body))).toEqual(read)
  })
})

test('what is no JSON is unreadable, however long or deep it is', () => {
  const bodies = ['', '{', 'ada@example.org', '['.repeat(1 << 20), 'a'.repeat(1 << 20)]

  const reads = bodies.map(readMessage)

  expect(reads).toEqual(bodies.map(() => ({ unreadable: 'the body is not JSON' })))
})

test('a body of 1 MiB is read', () => {
  const body = JSON.stringify({ ...fixture('s3-object-put'), filler: 'x'.repeat((1 << 20) - 2000) })

  expect(readMessage(body)).toEqual({ events: [put] })
})

test('no reason ever quotes the message', () => {
  const secret = 'ada-lovelace@example.org'
  const spoilt = Object.keys(said).flatMap((name) =>
    everyLeaf(fixture(name)).flatMap((spoil) => [
      spoil([secret]),
      spoil(secret),
      spoil({ [secret]: secret }),
    ]),
  )

  const reasons = spoilt
    .map((body) => readMessage(JSON.stringify(body)))
    .filter((read) => !('events' in read))

  expect(reasons.length).toBeGreaterThan(20)
  expect(JSON.stringify(reasons)).not.toContain('ada-lovelace')
})

function recordsOf(name: string): Record<string, unknown>[] {
  return fixture(name).Records as Record<string, unknown>[]
}

function recordWith(changes: Record<string, unknown>) {
  return { Records: [{ ...recordsOf('s3-object-put')[0], ...changes }] }
}

function tagging() {
  return { ...recordsOf('s3-object-put')[0], eventName: 'ObjectTagging:Put' }
}

function byEventBridgeWith(object: Record<string, unknown>, detail: Record<string, unknown> = {}) {
  const whole = { size: 5, etag: 'e', ...object }
  return {
    ...fixture('s3-object-put.by-eventbridge'),
    detail: { bucket: { name: 'b' }, object: whole, ...detail },
  }
}

/** For every field at any depth of a document: a function that gives the document with another value there. */
function everyLeaf(document: unknown): ((value: unknown) => unknown)[] {
  if (typeof document !== 'object' || document === null) return [(value) => value]
  return Object.entries(document).flatMap(([name, child]) =>
    everyLeaf(child).map((spoil) => (value: unknown) => {
      const copy = structuredClone(document) as Record<string, unknown>
      copy[name] = spoil(value)
      return copy
    }),
  )
}
