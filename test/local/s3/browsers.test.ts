import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
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

describe('signatures', () => {
  test('a wrong secret, an unknown key and another region are refused', async () => {
    const list = new ListObjectsV2Command({ Bucket })
    const signedBy = (accessKeyId: string, secretAccessKey: string) =>
      world.client({ credentials: { accessKeyId, secretAccessKey } }).send(list)
    const { accessKeyId } = await s3.config.credentials()

    await refused(signedBy(accessKeyId, 'wrong'), 'SignatureDoesNotMatch', 403)
    await refused(signedBy('LINUS', 'wrong'), 'InvalidAccessKeyId', 403)
    const elsewhere = world.region === 'eu-west-3' ? 'eu-west-2' : 'eu-west-3'
    await refused(world.client({ region: elsewhere }).send(list), 'AuthorizationHeaderMalformed', 400)
  })

  test('a request from another time is refused', async () => {
    const late = world.client({ systemClockOffset: -3_600_000 })
    await refused(late.send(new ListObjectsV2Command({ Bucket })), 'RequestTimeTooSkewed', 403)
  })

  test('nobody gets anything without signing', async () => {
    await world.put('private.txt', 'x')
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await fetch(`${world.endpoint}/${Bucket}/private.txt`, { method })
      expect([method, answer.status]).toEqual([method, 403])
    }
    expect(await world.textOf('private.txt')).toBe('x')
  })
})

describe('presigned URLs', () => {
  const pdf = { 'content-type': 'application/pdf' }
  const presignPut = (input: Partial<PutObjectCommandInput> & { Key: string }, options: object = {}) =>
    getSignedUrl(s3, new PutObjectCommand({ Bucket, ...input }), { expiresIn: 60, ...options })

  test('an upload with the type and size that were signed is taken', async () => {
    const input = { Key: 'up/1.pdf', ContentType: 'application/pdf', ContentLength: 5 }
    const url = await presignPut(input, { signableHeaders: new Set(['content-type', 'content-length']) })
    const answer = await fetch(url, { method: 'PUT', body: 'hello', headers: pdf })

    expect(answer.status).toBe(200)
    expect(await world.textOf('up/1.pdf')).toBe('hello')
  })

  test('another type or size is refused', async () => {
    const signableHeaders = new Set(['content-type', 'content-length'])
    const input = { Key: 'up/2.pdf', ContentType: 'application/pdf', ContentLength: 5 }
    const url = await presignPut(input, { signableHeaders })

    const otherType = await fetch(url, {
      method: 'PUT',
      body: 'hello',
      headers: { 'content-type': 'text/html' },
    })
    const otherSize = await fetch(url, { method: 'PUT', body: 'hello hello', headers: pdf })

    expect([otherType.status, otherSize.status]).toEqual([403, 403])
    await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'up/2.pdf' })), 'NotFound', 404)
  })

  test('a refusal reaches a client that is still sending', async () => {
    const url = await presignPut(
      { Key: 'up/large.pdf', ContentType: 'application/pdf' },
      { signableHeaders: new Set(['content-type']) },
    )
    const answer = await fetch(url, { method: 'PUT', body: Buffer.alloc(8 * 2 ** 20) })
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('<Code>SignatureDoesNotMatch</Code>')
  })

  test('an expired URL, a header added later and a changed key are refused', async () => {
    const signingDate = new Date(Date.now() - 10_000)
    const expired = await presignPut({ Key: 'up/3.pdf' }, { expiresIn: 1, signingDate })
    const open = await presignPut({ Key: 'up/4.pdf' })

    const late = await fetch(expired, { method: 'PUT', body: 'x' })
    const added = await fetch(open, { method: 'PUT', body: 'x', headers: { 'x-amz-meta-role': 'admin' } })
    const changed = await fetch(open.replace('up/4.pdf', 'up/5.pdf'), { method: 'PUT', body: 'x' })

    expect([late.status, added.status, changed.status]).toEqual([403, 403, 403])
    expect(await late.text()).toContain('Request has expired')
    expect(await world.keysBelow('up/5')).toEqual([])
  })

  test('a signature over a header with a name that every JavaScript object knows is just wrong', async () => {
    const url = await presignPut({ Key: 'up/8.pdf' })
    const answer = await fetch(url.replace('SignedHeaders=', 'SignedHeaders=constructor%3B'), {
      method: 'PUT',
    })
    expect(answer.status).toBe(403)
  })

  test('metadata is taken from the query, or must be sent when it was signed as a header', async () => {
    const inQuery = await presignPut({ Key: 'up/6.pdf', Metadata: { user: 'ada' } })
    const unhoistableHeaders = new Set(['x-amz-meta-user'])
    const inHeader = await presignPut(
      { Key: 'up/7.pdf', Metadata: { user: 'grace' } },
      { unhoistableHeaders },
    )

    const first = await fetch(inQuery, { method: 'PUT', body: 'x' })
    const second = await fetch(inHeader, {
      method: 'PUT',
      body: 'x',
      headers: { 'x-amz-meta-user': 'grace' },
    })

    expect([first.status, second.status]).toEqual([200, 200])
    const metadata = async (Key: string) => (await s3.send(new HeadObjectCommand({ Bucket, Key }))).Metadata
    expect(await metadata('up/6.pdf')).toEqual({ user: 'ada' })
    expect(await metadata('up/7.pdf')).toEqual({ user: 'grace' })
  })

  test('a download is named and typed as the URL says', async () => {
    await world.put('down.bin', 'hello')
    const command = new GetObjectCommand({
      Bucket,
      Key: 'down.bin',
      ResponseContentDisposition: 'attachment; filename="x.pdf"',
      ResponseContentType: 'application/pdf',
    })
    const answer = await fetch(await getSignedUrl(s3, command, { expiresIn: 60 }))

    expect([answer.status, await answer.text()]).toEqual([200, 'hello'])
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="x.pdf"')
    expect(answer.headers.get('content-type')).toBe('application/pdf')
  })

  test('a URL for one object opens no other', async () => {
    await world.put('down.bin', 'hello')
    await world.put('secret.bin', 'hidden')
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'down.bin' }), { expiresIn: 60 })

    expect((await fetch(url.replace('down.bin', 'secret.bin'))).status).toBe(403)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403)
  })
})

describe('posted forms', () => {
  test('a form within its policy becomes an object', async () => {
    const form = await policy('post/1.pdf', {
      Conditions: [
        ['content-length-range', 1, 10],
        ['starts-with', '$key', 'post/'],
      ],
      Fields: { 'Content-Type': 'application/pdf', success_action_status: '201', 'x-amz-meta-user': 'Ada' },
    })
    const answer = await post(form, 'hello')

    expect(answer.status).toBe(201)
    expect(await answer.text()).toContain('<Key>post/1.pdf</Key>')
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'post/1.pdf' }))
    expect(head).toMatchObject({
      ContentType: 'application/pdf',
      ContentLength: 5,
      Metadata: { user: 'Ada' },
    })
  })

  test('the name of the file can be part of the key', async () => {
    const form = await policy('post/names/${filename}')
    expect((await post(form, 'hello', "Ada's $& report é.pdf")).status).toBe(204)
    expect(await world.keysBelow('post/names/')).toEqual(["post/names/Ada's $& report é.pdf"])
  })

  test('the browser is sent back with the object in the query', async () => {
    const form = await policy('post/2.pdf', {
      Fields: { success_action_redirect: 'http://app.local/done?step=2' },
    })
    const answer = await post(form, 'hello')

    const target = new URL(answer.headers.get('location') ?? '')
    expect([answer.status, target.origin]).toEqual([303, 'http://app.local'])
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      step: '2',
      bucket: Bucket,
      key: 'post/2.pdf',
    })
  })

  test.for([
    ['too large', 'x'.repeat(100), 'EntityTooLarge'],
    ['far too large', 'x'.repeat(4 * 2 ** 20), 'EntityTooLarge'],
    ['too small', '', 'EntityTooSmall'],
  ] as const)('a file that is %s is refused', async ([, file, code]) => {
    const form = await policy('post/size.pdf', { Conditions: [['content-length-range', 1, 10]] })
    const answer = await post(form, file)

    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining(`<Code>${code}</Code>`),
    ])
    expect(await world.keysBelow('post/size')).toEqual([])
  })

  test('a refusal in the middle of a file leaves the connection fit for the next request', async () => {
    const { url, fields } = await policy('post/refused.pdf', {
      Conditions: [['content-length-range', 1, 10]],
    })
    const content = Object.entries(fields).map(([name, value]) => `name="${name}"\r\n\r\n${value}`)
    const file = `name="file"; filename="f"\r\n\r\n${'x'.repeat(4 * 2 ** 20)}`
    const parts = [...content, file].map((part) => `--b\r\nContent-Disposition: form-data; ${part}\r\n`)
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const Agent = url.startsWith('https:') ? HttpsAgent : HttpAgent
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })

    const refusal = await raw(url, 'POST', headers, { agent, body: `${parts.join('')}--b--\r\n` })
    const next = await raw(url, 'HEAD', {}, { agent })

    expect([refusal.status, next.status]).toEqual([400, 403])
    agent.destroy()
  })

  test('a field that breaks the policy, or that it does not know, is refused', async () => {
    const typed = await policy('post/3.pdf', { Fields: { 'Content-Type': 'application/pdf' } })
    const wrongType = await post(withField(typed, 'Content-Type', 'text/html'), 'x')
    const wrongKey = await post(withField(typed, 'key', 'post/4.pdf'), 'x')
    const extra = await post(withField(typed, 'x-amz-meta-role', 'admin'), 'x')

    expect([wrongType.status, wrongKey.status, extra.status]).toEqual([403, 403, 403])
    expect(await world.keysBelow('post/3')).toEqual([])
  })

  test('a condition on a field with a name that every JavaScript object knows is just a condition', async () => {
    const form = await policy('post/7.pdf', { Conditions: [['starts-with', '$constructor', 'x']] })
    expect((await post(form, 'x')).status).toBe(403)
    expect((await post(withField(form, 'constructor', 'xyz'), 'x')).status).toBe(204)
  })

  test('a forged signature, another policy and an expired one are refused', async () => {
    const form = await policy('post/5.pdf')
    const expiresLater = Buffer.from(JSON.stringify({ expiration: '2999-01-01T00:00:00Z', conditions: [] }))
    const forged = await post(withField(form, 'X-Amz-Signature', '0'.repeat(64)), 'x')
    const exchanged = await post(withField(form, 'Policy', expiresLater.toString('base64')), 'x')
    const expired = await post(await policy('post/5.pdf', { Expires: -10 }), 'x')

    expect([forged.status, exchanged.status, expired.status]).toEqual([403, 403, 403])
    expect(await world.keysBelow('post/5')).toEqual([])
  })

  test('a form without a file, and one that is no form, are refused', async () => {
    const { url, fields } = await policy('post/6.pdf')
    const withoutFile = new FormData()
    for (const [name, value] of Object.entries(fields)) withoutFile.append(name, value)
    const incomplete = await fetch(url, { method: 'POST', body: withoutFile })
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const broken = await fetch(url, { method: 'POST', body: '--x\r\nnonsense', headers })

    expect([incomplete.status, broken.status]).toEqual([400, 400])
  })

  test('a form that ends in the middle of its file is refused', async () => {
    const { url, fields } = await policy('post/8.pdf')
    const parts = [...Object.entries(fields), ['file"; filename="f', 'half of it']].map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`,
    )
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const answer = await fetch(url, { method: 'POST', body: parts.join('\r\n'), headers })

    expect(answer.status).toBe(400)
    expect(await world.keysBelow('post/8')).toEqual([])
  })

  function policy(Key: string, options: Partial<PresignedPostOptions> = {}) {
    return createPresignedPost(s3, { Bucket, Key, Expires: 60, ...options })
  }

  type Form = Awaited<ReturnType<typeof policy>>

  function withField({ url, fields }: Form, name: string, value: string): Form {
    return { url, fields: { ...fields, [name]: value } }
  }

  function post({ url, fields }: Form, file: string, filename = 'f.pdf') {
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    body.append('file', new Blob([file], { type: 'application/pdf' }), filename)
    return fetch(url, { method: 'POST', body, redirect: 'manual' })
  }
})

describe('other origins', () => {
  const app = 'http://app.local'

  beforeAll(async () => {
    await refused(s3.send(new GetBucketCorsCommand({ Bucket })), 'NoSuchCORSConfiguration', 404)
    const rule = {
      AllowedMethods: ['PUT', 'GET', 'POST'],
      AllowedOrigins: [app, 'https://*.example.org'],
      AllowedHeaders: ['content-*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 300,
    }
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
    await world.put('cors.txt', 'x')
    return () => s3.send(new DeleteBucketCorsCommand({ Bucket }))
  })

  test('the rules are given back', async () => {
    const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket }))
    expect(CORSRules).toMatchObject([{ AllowedOrigins: [app, 'https://*.example.org'], MaxAgeSeconds: 300 }])
  })

  test('a page of an allowed origin may ask, and learns what it may do', async () => {
    const answer = await preflight(app, 'PUT', 'content-type')
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': app,
        'access-control-allow-methods': 'PUT, GET, POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '300',
      },
    })
    expect((await preflight('https://ada.example.org', 'PUT')).status).toBe(200)
  })

  test('another origin, method or header may not', async () => {
    const asked = [
      preflight('http://evil.local', 'PUT'),
      preflight('https://example.org.evil.local', 'PUT'),
      preflight(app, 'DELETE'),
      preflight(app, 'PUT', 'x-amz-acl'),
    ]
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([403, 403, 403, 403])
  })

  test('answers and refusals can be read by a page of an allowed origin only', async () => {
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'cors.txt' }), { expiresIn: 60 })
    const allowed = await raw(url, 'GET', { origin: app })
    const refusedToo = await raw(`${world.endpoint}/${Bucket}/cors.txt`, 'GET', { origin: app })
    const foreign = await raw(url, 'GET', { origin: 'http://evil.local' })

    expect(allowed).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': app, 'access-control-expose-headers': 'ETag' },
    })
    expect(refusedToo).toMatchObject({ status: 403, headers: { 'access-control-allow-origin': app } })
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin')
  })

  function preflight(origin: string, method: string, headers?: string) {
    return raw(`${world.endpoint}/${Bucket}/cors.txt`, 'OPTIONS', {
      origin,
      'access-control-request-method': method,
      ...(headers && { 'access-control-request-headers': headers }),
    })
  }
})

/** A request as fetch does not let us make it. */
function raw(
  url: string,
  method: string,
  headers: Record<string, string>,
  { agent, body }: { agent?: HttpAgent; body?: string } = {},
) {
  const open = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise<{ status: number | undefined; headers: object }>((resolve, reject) => {
    open(url, { method, headers, agent }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }))
    })
      .on('error', reject)
      .end(body)
  })
}
