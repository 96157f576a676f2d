import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/shared/config.ts'

const least = { DATABASE_URL: 'postgres://localhost/millrace', REDIS_URL: 'redis://localhost' }
const faultsOf = (env: Record<string, string>): string[] => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test('two addresses are enough to start with', () => {
  const config = readConfig(least)

  expect(config).toMatchObject({
    local: false,
    operators: [],
    database: { pool: 12, migrationUrl: least.DATABASE_URL },
  })
  expect(config.anki.collections).toBe('./efs/collections')
  expect(config.trust.anki).toEqual({ issuer: undefined, jwksUrl: undefined, audience: [], keys: [] })
})

test('every fault is told at once, with the name of its variable', () => {
  const faults = faultsOf({
    PORT: 'http',
    ANKI_KEYS: 'short',
    OPERATORS: 'grace:queen:long-enough-password',
    STATUS_LINK_SECRET: 'short',
  })

  expect(faults).toHaveLength(6)
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'PORT', 'ANKI_KEYS', 'OPERATORS', 'STATUS_LINK_SECRET'])
    expect(faults.filter((fault) => fault.startsWith(`${name} `))).toHaveLength(1)
})

test('an empty variable counts as one that is not set', () => {
  expect(faultsOf({ ...least, PORT: '', EVENTS_QUEUE_URL: '' })).toEqual([])
})

test('a product’s keys come from its issuer unless another place is named', () => {
  const config = readConfig({
    ...least,
    ANKI_ISSUER: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc',
    ANKI_AUDIENCE: 'one, two,',
    RUNDI_ISSUER: 'https://accounts.google.com',
    RUNDI_JWKS_URL: 'https://www.googleapis.com/oauth2/v3/certs',
  })

  expect(config.trust.anki).toMatchObject({
    jwksUrl: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc/.well-known/jwks.json',
    audience: ['one', 'two'],
  })
  expect(config.trust.rundi.jwksUrl).toBe('https://www.googleapis.com/oauth2/v3/certs')
})

test('one weak secret among good ones is a fault', () => {
  const good = { keys: 'a-good-key-of-anki-1', operator: 'grace:operator:long-enough-password' }

  expect(faultsOf({ ...least, ANKI_KEYS: good.keys, OPERATORS: good.operator })).toEqual([])
  for (const weak of [
    { ANKI_KEYS: `${good.keys},fifteen-letters` },
    { OPERATORS: `${good.operator},linus:viewer:eleven-char` },
    { OPERATORS: `${good.operator},linus:viewer:` },
    { STATUS_LINK_SECRET: 'fifteen-letters' },
  ])
    expect(faultsOf({ ...least, ...weak }), JSON.stringify(weak)).toHaveLength(1)
})

test('an operator’s password may contain colons', () => {
  const { operators } = readConfig({
    ...least,
    OPERATORS: 'grace:operator:a:long:password,linus:viewer:another-password',
  })

  expect(operators).toEqual([
    { name: 'grace', role: 'operator', password: 'a:long:password' },
    { name: 'linus', role: 'viewer', password: 'another-password' },
  ])
})

test('the ways to write an address of Postgres and of Redis that their clients know are taken', () => {
  for (const DATABASE_URL of [
    'postgres://localhost/millrace',
    'postgresql://app:p%40ss@db.example.org:5433/millrace?sslmode=require',
    'postgres://app@/postgres?host=/tmp/socket&port=5432',
    'postgres:///millrace?host=/tmp/socket',
    'postgres://%2Fvar%2Frun%2Fpostgresql/millrace',
  ])
    expect(faultsOf({ ...least, DATABASE_URL, ANKI_DATABASE_URL: DATABASE_URL }), DATABASE_URL).toEqual([])
  for (const REDIS_URL of ['redis://:pass@redis:6379/1', 'rediss://cache.example.org', '/run/redis.sock'])
    expect(faultsOf({ ...least, REDIS_URL }), REDIS_URL).toEqual([])
})

test('an address that is none is a fault, and no fault quotes it', () => {
  for (const name of ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'ANKI_DATABASE_URL'])
    for (const value of [
      'sekret',
      '/sekret',
      'http://me:sekret@db/x',
      'postgres://me:sek#sekret@db/x',
      'postgres:sekret',
    ])
      onlyFault(faultsOf({ ...least, [name]: value }), name)
  for (const value of [
    'sekret',
    './sekret',
    'http://foo:sekret@bar',
    'redis:sekret',
    'redis://me:sek#sekret@redis',
  ])
    onlyFault(faultsOf({ ...least, REDIS_URL: value }), 'REDIS_URL')
  for (const name of [
    'ANKI_ISSUER',
    'RUNDI_JWKS_URL',
    'EVENTS_QUEUE_URL',
    'MISTRAL_URL',
    'AWS_ENDPOINT_URL_S3',
  ])
    for (const value of ['sekret', 'file:///sekret', 'localhost:4566/sekret', 'http://'])
      onlyFault(faultsOf({ ...least, [name]: value }), name)
})

test('a port is a whole number that a port can have', () => {
  for (const name of ['PORT', 'HEALTH_PORT']) {
    for (const value of ['0', '3000', '65535']) expect(faultsOf({ ...least, [name]: value })).toEqual([])
    for (const value of ['65536', '-1', '-1.5', '1.5', '0x50', '1e3', ' ', 'http'])
      expect(faultsOf({ ...least, [name]: value }), value).toEqual([
        `${name} wants a whole number from 0 to 65535`,
      ])
  }
})

function onlyFault(faults: string[], name: string): void {
  expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} wants `))])
  expect(faults.join()).not.toContain('sekret')
}
