import {
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3World, refused, type S3World } from './world.ts'

/** How S3 behaves towards the real SDK: our stand-in, and whatever S3_CONFORMANCE_ENDPOINT names. */

let world: S3World
let s3: S3Client
let Bucket: string

beforeAll(async () => {
  world = await openS3World()
  ;({ s3, bucket: Bucket } = world)
})

afterAll(() => world.close())

describe('hostile keys', () => {
  test('a key that climbs out of its bucket is refused', async () => {
    for (const Key of ['../escape', '../../etc/passwd', 'a/../../escape']) {
      await expect(world.put(Key, 'x')).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
    }
    expect(await world.keysBelow('escape')).toEqual([])
  })

  test('any other key is kept as it is', async () => {
    const keys = hostileKeys.map((key) => `hostile/${key}`)
    for (const Key of keys) await world.put(Key, Key)

    for (const Key of keys) expect(await world.textOf(Key)).toBe(Key)
    expect((await world.keysBelow('hostile/')).sort()).toEqual(keys.sort())
  })

  test('a key of 1,024 bytes is kept, and one of 1,025 is refused', async () => {
    await world.put('é'.repeat(512), 'long')
    expect(await world.textOf('é'.repeat(512))).toBe('long')
    await refused(world.put(`${'é'.repeat(512)}x`, 'longer'), 'KeyTooLongError', 400)
  })

  const hostileKeys = [
    'a/../b',
    '.',
    '..name',
    '/absolute',
    '//two//slashes//',
    'C:\\windows',
    'back\\..\\slash',
    'nul\u0000byte',
    'line\r\nbreak',
    '%2e%2e%2f',
    '__proto__',
    'constructor',
    '?query=1&x#fragment',
    'café',
    'cafe\u0301',
    'CAFÉ',
    '😀',
    '\u202etxt.exe',
    ' ',
  ]
})
