import { readFileSync } from 'node:fs'

/** A document as its publisher documents it; see SOURCES.md beside it. */
export function fixture(name: string): Record<string, unknown> {
  const file = new URL(`../../fixtures/events/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
}

/** As SNS hands a message on to SQS. */
export function bySns(document: unknown): Record<string, unknown> {
  return { ...fixture('s3-object-put.by-sns'), Message: JSON.stringify(document) }
}

/** As a function or a pipe hands a document on through EventBridge. */
export function byEventBridge(document: unknown): Record<string, unknown> {
  return { ...fixture('cognito-sign-up-confirmed.by-eventbridge'), detail: document }
}

export const pool = 'us-east-1_ABC123'

export interface Person {
  sub: string
  email: string
  name: string
}

export const ada: Person = {
  sub: 'a1b8f0de-5081-70f0-0e3c-1d5f0a2b3c4d',
  email: 'ada@example.org',
  name: 'ada',
}
export const grace: Person = {
  sub: 'b2c9a1ef-6192-71a1-1f4d-2e6a1b3c4d5e',
  email: 'grace@example.org',
  name: 'grace',
}
export const linus: Person = {
  sub: 'c3dab2f0-72a3-72b2-2a5e-3f7b2c4d5e6f',
  email: 'linus@example.org',
  name: 'linus',
}

/** People enough for a crowd, each with an id of their own. */
export const crowd = (size: number): Person[] =>
  Array.from({ length: size }, (_, index) => ({
    sub: `${String(index).padStart(8, '0')}-5081-70f0-0e3c-1d5f0a2b3c4d`,
    email: `person-${index}@example.org`,
    name: `person-${index}`,
  }))

/** What Cognito tells when a person has confirmed their sign-up. */
export function signUp(person: Person, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const attributes = {
    sub: person.sub,
    email: person.email,
    email_verified: 'true',
    preferred_username: person.name,
  }
  return {
    ...fixture('cognito-sign-up-confirmed'),
    userPoolId: pool,
    userName: person.sub,
    request: { userAttributes: attributes },
    ...changes,
  }
}

/** What S3 tells about objects that arrived in a bucket. */
export function objectsPut(bucket: string, ...keys: string[]): Record<string, unknown> {
  const [record] = fixture('s3-object-put').Records as { s3: { object: object } }[]
  const put = (key: string) => ({
    ...record,
    s3: { bucket: { name: bucket }, object: { ...record?.s3.object, key: encodeURIComponent(key) } },
  })
  return { Records: keys.map(put) }
}
