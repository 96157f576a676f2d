import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TooLarge, type Bucket } from '../../src/shared/bucket.ts'
import { openBucket } from '../../src/shared/open-bucket.ts'
import { ada, openS3World, type S3World } from '../local/s3/world.ts'
import { startFront, type Interruption } from './bucket/front.ts'

let world: S3World
let bucket: Bucket & { close(): void }
let directory: string
const closers: (() => Promise<void>)[] = []

const pdf = { 'content-type': 'application/pdf' }
const document = randomBytes(300_000)

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-bucket-'))
  world = await openS3World()
  bucket = open()
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

afterAll(async () => {
  bucket.close()
  await world.close()
  await rm(directory, { recursive: true })
})

function open(name = world.bucket, endpoint = world.endpoint) {
  const elsewhere = { sqsEndpoint: undefined, dynamodbEndpoint: undefined }
  return openBucket({ region: world.region, credentials: ada, s3Endpoint: endpoint, ...elsewhere }, name)
}

/** The same bucket, through somebody who makes trouble. */
async function openBehind(interrupt: Interruption): Promise<Bucket> {
  const front = await startFront(world.endpoint, interrupt)
  const behind = open(world.bucket, front.endpoint)
  closers.push(async () => {
    behind.close()
    await front.close()
  })
  return behind
}

describe('an address to PUT to', () => {
  const presign = (seconds = 60) =>
    bucket.presignPut({ key: 'ada/put.pdf', contentType: 'application/pdf', seconds })

  test('takes what it was made for', async () => {
    const answer = await fetch(await presign(), { method: 'PUT', body: 'hello', headers: pdf })

    expect(answer.status).toBe(200)
    const etag = createHash('md5').update('hello').digest('hex')
    expect(await bucket.head('ada/put.pdf')).toEqual({ bytes: 5, etag, contentType: 'application/pdf' })
  })

  test('carries no checksum of a body that nobody knows yet', async () => {
    expect(await presign()).not.toContain('checksum')
  })

  test('refuses another type, no type, and another key', async () => {
    const url = await bucket.presignPut({ key: 'ada/no.pdf', contentType: 'application/pdf', seconds: 60 })
    const put = (to: string, headers: Record<string, string>) =>
      fetch(to, { method: 'PUT', body: Buffer.from('hello'), headers })

    const otherType = await put(url, { 'content-type': 'text/html' })
    const noType = await put(url, {})
    const otherKey = await put(url.replace('no.pdf', 'yes.pdf'), pdf)

    expect([otherType.status, noType.status, otherKey.status]).toEqual([403, 403, 403])
    expect(await world.keysBelow('ada/no')).toEqual([])
    expect(await world.keysBelow('ada/yes')).toEqual([])
  })

  test('is of no use once its time is over', async () => {
    const url = await presign(1)
    await new Promise((resolve) => setTimeout(resolve, 2100))
    const answer = await fetch(url, { method: 'PUT', body: 'hello', headers: pdf })
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('expired')])
  })
})

describe('a form to POST', () => {
  type Form = Awaited<ReturnType<Bucket['presignPost']>>
  const form = (key: string, seconds = 60) =>
    bucket.presignPost({ key, contentType: 'application/pdf', maxBytes: 10, seconds })

  function post({ url, fields }: Form, file: string, changed: Record<string, string> = {}) {
    const body = new FormData()
    for (const [name, value] of Object.entries({ ...fields, ...changed })) body.append(name, value)
    body.append('file', new Blob([file]), 'any.pdf')
    return fetch(url, { method: 'POST', body })
  }

  test('takes a file of the right type and at most the right size', async () => {
    const answer = await post(await form('ada/post.pdf'), '0123456789')

    expect(answer.status).toBe(204)
    expect(await bucket.head('ada/post.pdf')).toMatchObject({ bytes: 10, contentType: 'application/pdf' })
  })

  test('refuses one byte more, no byte at all, another type and another key', async () => {
    const signed = await form('ada/refused.pdf')

    const large = await post(signed, '0123456789a')
    const empty = await post(signed, '')
    const typed = await post(signed, 'hello', { 'Content-Type': 'text/html' })
    const moved = await post(signed, 'hello', { key: 'grace/moved.pdf' })

    expect([large.status, empty.status, typed.status, moved.status]).toEqual([400, 400, 403, 403])
    expect(await large.text()).toContain('EntityTooLarge')
    expect(await world.keysBelow('ada/refused')).toEqual([])
    expect(await world.keysBelow('grace/')).toEqual([])
  })

  test('is of no use once its time is over', async () => {
    expect((await post(await form('ada/late.pdf', -5), 'hello')).status).toBe(403)
  })
})

describe('an address to GET from', () => {
  test('gives the object as it is', async () => {
    await world.put('ada/get.pdf', 'hello', { ContentType: 'application/pdf' })
    const answer = await fetch(await bucket.presignGet({ key: 'ada/get.pdf', seconds: 60 }))

    expect([answer.status, await answer.text()]).toEqual([200, 'hello'])
    expect(answer.headers.get('content-type')).toBe('application/pdf')
    expect(answer.headers.get('content-disposition')).toBeNull()
  })

  test('with a name, saves it under that name and never as what the uploader claimed', async () => {
    await world.put('ada/page.pdf', '<script>', { ContentType: 'text/html' })
    const download = { key: 'ada/page.pdf', seconds: 60, fileName: 'Niña\'s (2.) 100% 学习\r\n"计划".pdf' }
    const answer = await fetch(await bucket.presignGet(download))
    const typed = await fetch(await bucket.presignGet({ ...download, contentType: 'application/pdf' }))

    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(typed.headers.get('content-type')).toBe('application/pdf')
    const disposition = answer.headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(/^attachment; filename="Nina's \(2\.\) 100_ [_]+\.pdf"; filename\*=UTF-8''/)
    const encoded = disposition.split("UTF-8''")[1] ?? ''
    expect(encoded).toMatch(/^[\w!#$&+.^`|~%-]+$/)
    expect(decodeURIComponent(encoded)).toBe(download.fileName)
  })

  test('opens an object whose key has every kind of letter', async () => {
    const key = "ada/child/Niña's 100% & <学习>+计划 é.pdf"
    await world.put(key, 'hello')
    expect(await (await fetch(await bucket.presignGet({ key, seconds: 60 }))).text()).toBe('hello')
    expect(await bucket.head(key)).toMatchObject({ bytes: 5 })
  })

  test('is of no use once its time is over', async () => {
    const url = await bucket.presignGet({ key: 'ada/get.pdf', seconds: 1 })
    await new Promise((resolve) => setTimeout(resolve, 2100))
    expect((await fetch(url)).status).toBe(403)
  })
})

describe('what is not there', () => {
  test('has no head and no content', async () => {
    const file = path.join(directory, 'missing')
    expect(await bucket.head('ada/missing.pdf')).toBeUndefined()
    expect(await bucket.download('ada/missing.pdf', file, { maxBytes: 10 })).toBeUndefined()
    expect(existsSync(file)).toBe(false)
  })

  test('is removed already', async () => {
    await world.put('ada/gone.pdf', 'x')
    await bucket.remove('ada/gone.pdf')
    await bucket.remove('ada/gone.pdf')
    expect(await bucket.head('ada/gone.pdf')).toBeUndefined()
  })

  test('is not to be confused with a bucket that is not there', async () => {
    const missing = open(`${world.bucket}-missing`)
    const file = path.join(directory, 'missing')

    await expect(missing.head('ada/x.pdf')).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } })
    await expect(missing.download('ada/x.pdf', file, { maxBytes: 1 })).rejects.toThrow()
    await expect(missing.remove('ada/x.pdf')).rejects.toThrow()
    await expect(missing.removeAll('ada/')).rejects.toThrow()
    missing.close()
  })
})

describe('a download', () => {
  test('writes the bytes to a private file and tells their digest', async () => {
    const { ETag } = await world.put('ada/whole.pdf', document)
    const file = path.join(directory, 'whole.pdf')

    const told = await bucket.download('ada/whole.pdf', file, { maxBytes: document.length })

    const sha256 = createHash('sha256').update(document).digest()
    expect(told).toEqual({ bytes: document.length, sha256, etag: ETag?.replaceAll('"', '') })
    expect(told?.etag).toBe((await bucket.head('ada/whole.pdf'))?.etag)
    expect(await readFile(file)).toEqual(document)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('of more bytes than wanted ends at once and leaves no file', async () => {
    await world.put('ada/large.pdf', document)
    const file = path.join(directory, 'large.pdf')

    const download = bucket.download('ada/large.pdf', file, { maxBytes: document.length - 1 })

    await expect(download).rejects.toBeInstanceOf(TooLarge)
    expect(existsSync(file)).toBe(false)
  })

  test('stops at the limit also when the length was not told', async () => {
    const endless = await openBehind((_, response) => {
      response.writeHead(200, { etag: '"x"', 'transfer-encoding': 'chunked' })
      const more = (): void => {
        while (!response.destroyed && response.write(document));
      }
      response.on('drain', more)
      more()
      return true
    })
    const file = path.join(directory, 'endless.pdf')

    await expect(endless.download('ada/x.pdf', file, { maxBytes: 1e6 })).rejects.toBeInstanceOf(TooLarge)
    expect(existsSync(file)).toBe(false)
  })

  test('that breaks off, or whose bytes are not those of the object, is an error and leaves no file', async () => {
    await world.put('ada/broken.pdf', document)
    const cut = await openBehind((_, response) => {
      response.writeHead(200, { etag: '"x"', 'content-length': document.length })
      response.write(document.subarray(0, 1000), () => response.destroy())
      return true
    })
    const changed = await openBehind((_, response) => {
      const crc32 = Buffer.from('nope').toString('base64')
      response.writeHead(200, { etag: '"x"', 'x-amz-checksum-crc32': crc32 }).end(document)
      return true
    })
    const file = path.join(directory, 'broken.pdf')

    await expect(cut.download('ada/broken.pdf', file, { maxBytes: 1e6 })).rejects.toThrow()
    expect(existsSync(file)).toBe(false)
    await expect(changed.download('ada/broken.pdf', file, { maxBytes: 1e6 })).rejects.toThrow('Checksum')
    expect(existsSync(file)).toBe(false)
  })

  test('can be given up', async () => {
    const stuck = await openBehind((_, response) => {
      response.writeHead(200, { etag: '"x"', 'content-length': document.length })
      response.write(document.subarray(0, 1000))
      return true
    })
    const file = path.join(directory, 'stuck.pdf')
    const abort = new AbortController()

    const download = stuck.download('ada/x.pdf', file, { maxBytes: 1e6, signal: abort.signal })
    setTimeout(() => abort.abort(), 200)

    await expect(download).rejects.toMatchObject({ name: 'AbortError' })
    expect(existsSync(file)).toBe(false)
  })

  test('of an object that answers 503 twice succeeds', async () => {
    await world.put('ada/busy.pdf', document)
    let refusals = 0
    const busy = await openBehind((_, response) => {
      if (refusals === 2) return false
      refusals += 1
      response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
      return true
    })
    const file = path.join(directory, 'busy.pdf')

    expect(await busy.download('ada/busy.pdf', file, { maxBytes: 1e6 })).toMatchObject({ bytes: 300_000 })
    expect(refusals).toBe(2)
  })
})

describe('an upload', () => {
  const webp = { contentType: 'image/webp' }
  async function fileOf(bytes: Buffer | string, name = 'upload'): Promise<string> {
    const file = path.join(directory, name)
    await writeFile(file, bytes)
    return file
  }

  test('writes the file with its type, and how long it may be kept', async () => {
    const file = await fileOf(document)

    expect(await bucket.upload('ada/up.webp', file, { ...webp, cacheControl: 'private, max-age=9' })).toBe(
      true,
    )

    expect(await world.bytesOf('ada/up.webp')).toEqual(document)
    expect(await bucket.head('ada/up.webp')).toMatchObject({ contentType: 'image/webp' })
    const answer = await fetch(await bucket.presignGet({ key: 'ada/up.webp', seconds: 60 }))
    expect(answer.headers.get('cache-control')).toBe('private, max-age=9')
  })

  test('takes the place of what is there, unless that is to stay', async () => {
    const [first, second] = [await fileOf('first', 'first'), await fileOf('second', 'second')]

    expect(await bucket.upload('ada/once.webp', first, { ...webp, ifAbsent: true })).toBe(true)
    expect(await bucket.upload('ada/once.webp', second, { ...webp, ifAbsent: true })).toBe(false)
    expect(await world.textOf('ada/once.webp')).toBe('first')
    expect(await bucket.upload('ada/once.webp', second, webp)).toBe(true)
    expect(await world.textOf('ada/once.webp')).toBe('second')
  })

  test('of many at once that may not take a place, one is written', async () => {
    const files = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => fileOf(text, `at once ${text}`)))

    const written = await Promise.all(
      files.map((file) => bucket.upload('ada/race.webp', file, { ...webp, ifAbsent: true })),
    )

    expect(written.filter(Boolean)).toHaveLength(1)
    const winner = files[written.indexOf(true)] as string
    expect(await world.textOf('ada/race.webp')).toBe(await readFile(winner, 'utf8'))
  })

  test('is checked by S3 against the digest of what was read, and tried again when S3 stumbles', async () => {
    const digests: unknown[] = []
    const stumbling = await openBehind((incoming, response) => {
      digests.push(incoming.headers['x-amz-checksum-sha256'])
      if (digests.length > 1) return false
      response.writeHead(503).end()
      return true
    })

    expect(await stumbling.upload('ada/again.webp', await fileOf('hello'), webp)).toBe(true)

    const sha256 = createHash('sha256').update('hello').digest('base64')
    expect(digests).toEqual([sha256, sha256])
    expect(await world.textOf('ada/again.webp')).toBe('hello')
  })

  test('of a file that is not there, to a bucket that is not there, or that nobody wants any more, is an error', async () => {
    const file = await fileOf('hello')
    const missing = open('no-such-bucket')
    closers.push(async () => missing.close())

    await expect(bucket.upload('ada/x', path.join(directory, 'gone'), webp)).rejects.toMatchObject({
      code: 'ENOENT',
    })
    await expect(missing.upload('ada/x', file, webp)).rejects.toMatchObject({ name: 'NoSuchBucket' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(bucket.upload('ada/x', file, { ...webp, signal })).rejects.toThrow()
    expect(await world.keysBelow('ada/x')).not.toContain('ada/x')
  })
})

describe('copying', () => {
  const text = { contentType: 'text/plain' }
  const factsOf = (body: string) => ({
    etag: createHash('md5').update(body).digest('hex'),
    sha256: createHash('sha256').update(body).digest('hex'),
  })

  test('makes the same object under another key, of the type it is told, and leaves the first', async () => {
    const from = "ada/Niña's 100% & <学习>+计划"
    await world.put(from, 'hello', { ContentType: 'text/html', Metadata: { by: 'ada' }, Tagging: 'a=b' })

    expect(await bucket.copy(from, 'copies/1', { ...factsOf('hello'), ...text })).toBe(true)

    expect(await world.textOf('copies/1')).toBe('hello')
    expect(await bucket.head('copies/1')).toMatchObject({ contentType: 'text/plain' })
    const { Metadata, TagCount } = await world.s3.send(
      new GetObjectCommand({ Bucket: world.bucket, Key: 'copies/1' }),
    )
    expect([Metadata, TagCount]).toEqual([{}, undefined])
    expect(await world.textOf(from)).toBe('hello')
  })

  test('does nothing when the object is another one by now, or gone', async () => {
    await world.put('ada/changed', 'second')
    const first = { ...factsOf('first'), ...text }

    expect(await bucket.copy('ada/changed', 'copies/2', first)).toBe(false)
    expect(await bucket.copy('ada/gone', 'copies/2', first)).toBe(false)
    expect(await world.keysBelow('copies/2')).toEqual([])
    const wanted: unknown[] = []
    const watched = await openBehind(({ headers }) => {
      wanted.push(headers['x-amz-copy-source-if-match'])
      return false
    })
    await watched.copy('ada/changed', 'copies/2', first)
    expect(wanted, 'it is not even begun, and nothing removed').toEqual([`"${first.etag}"`])
  })

  test('leaves no copy of an object that has the etag alone', async () => {
    await world.put('ada/twin', 'made to look like it')
    const { etag } = factsOf('made to look like it')
    const { sha256 } = factsOf('the first')

    expect(await bucket.copy('ada/twin', 'copies/3', { etag, sha256, ...text })).toBe(false)
    expect(await world.keysBelow('copies/3')).toEqual([])
  })

  test('in a bucket that is not there, or that nobody wants any more, is an error', async () => {
    await world.put('ada/there', 'hello')
    const facts = { ...factsOf('hello'), ...text }
    const missing = open('no-such-bucket')
    closers.push(async () => missing.close())

    await expect(missing.copy('ada/there', 'x', facts)).rejects.toMatchObject({ name: 'NoSuchBucket' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(bucket.copy('ada/there', 'copies/4', { ...facts, signal })).rejects.toThrow()
    expect(await world.keysBelow('copies/4')).toEqual([])
  })
})

describe('removing all', () => {
  test('takes any number of objects, and none of the neighbours', async () => {
    const keys = Array.from({ length: 2500 }, (_, index) => `many/ada/${index} é & <${index}>.pdf`)
    for (let start = 0; start < keys.length; start += 100)
      await Promise.all(keys.slice(start, start + 100).map((key) => world.put(key, 'x')))
    await world.put('many/adam.pdf', 'x')
    await world.put('many/ad', 'x')

    const listed: string[] = []
    for await (const page of bucket.list('many/ada/')) listed.push(...page)
    expect(listed.sort()).toEqual(keys.sort())
    expect(await bucket.removeAll('many/ada/')).toBe(2500)

    expect(await world.keysBelow('many/')).toEqual(['many/ad', 'many/adam.pdf'])
    expect(await bucket.removeAll('many/ada/')).toBe(0)
  })

  test('takes what arrives meanwhile', async () => {
    await world.put('late/ada/1.pdf', 'x')
    let arrivals = 0
    const meanwhile = await openBehind(({ method, url }, response) => {
      if (method !== 'POST' || !url?.includes('delete') || arrivals > 0) return false
      arrivals += 1
      void world.put('late/ada/2.pdf', 'x').then(() => response.writeHead(200).end('<DeleteResult/>'))
      return true
    })

    await meanwhile.removeAll('late/ada/')

    expect(arrivals).toBe(1)
    expect(await world.keysBelow('late/')).toEqual([])
  })

  test('that cannot remove some removes the others, then says how many are left', async () => {
    for (const name of ['1', '2', '3']) await world.put(`held/ada/${name}.pdf`, 'x')
    const held = await openBehind(({ method, url }, response) => {
      if (method !== 'POST' || !url?.includes('delete')) return false
      void bucket
        .remove('held/ada/1.pdf')
        .then(() => bucket.remove('held/ada/3.pdf'))
        .then(() =>
          response
            .writeHead(200)
            .end(
              '<DeleteResult><Error><Key>held/ada/2.pdf</Key><Code>AccessDenied</Code></Error></DeleteResult>',
            ),
        )
      return true
    })

    const removing = held.removeAll('held/ada/')

    await expect(removing).rejects.toMatchObject({
      code: 'objects-left',
      message: expect.stringMatching(/^1 of 3 /),
    })
    expect(await world.keysBelow('held/')).toEqual(['held/ada/2.pdf'])
  })

  test('does not go on for ever where nothing is ever gone', async () => {
    await world.put('stays/ada/1.pdf', 'x')
    const stubborn = await openBehind(({ method }, response) => {
      if (method !== 'POST') return false
      response.writeHead(200).end('<DeleteResult/>')
      return true
    })
    await expect(stubborn.removeAll('stays/ada/')).rejects.toMatchObject({ code: 'objects-left' })
  })

  test.for(['', 'ada', 'many/ada'])('is refused for "%s", which is no folder', async (prefix) => {
    await world.put('many/adam.pdf', 'x')
    await expect(bucket.removeAll(prefix)).rejects.toThrow('slash')
    expect(await world.keysBelow('many/adam.pdf')).toEqual(['many/adam.pdf'])
  })
})

test('Amazon is addressed by the name of the bucket, another S3 by its path', async () => {
  const aws = { region: 'eu-west-1', credentials: ada, sqsEndpoint: undefined, dynamodbEndpoint: undefined }
  const amazon = openBucket({ ...aws, s3Endpoint: undefined }, 'ieps')
  const { host } = new URL(await amazon.presignGet({ key: 'ada/x.pdf', seconds: 60 }))
  const form = await amazon.presignPost({ key: 'x', contentType: 'x/y', maxBytes: 1, seconds: 1 })
  amazon.close()

  expect(host).toBe('ieps.s3.eu-west-1.amazonaws.com')
  expect(new URL(form.url).host).toBe('ieps.s3.eu-west-1.amazonaws.com')
  expect(await bucket.presignGet({ key: 'x', seconds: 1 })).toContain(`${world.endpoint}/${world.bucket}/x?`)
})
