import { createReadStream } from 'node:fs'
import type { Answer } from './answers.ts'
import { bodyOf, receive, receiveText } from './body.ts'
import type { StoredObject } from './bucket.ts'
import { checksumHeaders } from './checksums.ts'
import { S3Error } from './errors.ts'
import { objectHeaders } from './object-headers.ts'
import { checkMayRead, checkMayWrite } from './preconditions.ts'
import { requestedRange } from './range.ts'
import { headerValue, type S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { mostObjectTags, parseTags, tagSet, tagsInHeader } from './tags.ts'
import { element, elements, parseXml, requiredText, text, xmlDocument } from './xml.ts'

/** PutObject: the bytes are streamed to disk, and the object appears whole, or not at all. */
export async function putObject(request: S3Request, s3: StandIn): Promise<Answer> {
  const { headers, key } = request
  const bucket = s3.store.bucket(request.bucket)
  const description = { headers: objectHeaders(headers), tags: tagsInHeader(headers['x-amz-tagging']) }
  checkMayWrite(headers, bucket.find(key))

  await using received = await receive(bodyOf(request), s3.store.disk)
  checkMayWrite(headers, bucket.find(key))
  const object = bucket.put(key, received, { ...description, etag: received.md5 })
  s3.notifications.announce('ObjectCreated:Put', request, bucket, object)

  return { status: 200, headers: { ...writtenHeaders(object) } }
}

/** What is told of an object that was just written. */
export function writtenHeaders(object: StoredObject): Record<string, string> {
  const encryption = object.headers['x-amz-server-side-encryption']
  return {
    ETag: `"${object.etag}"`,
    ...checksumHeaders(object.checksum),
    ...(encryption ? { 'x-amz-server-side-encryption': encryption } : {}),
  }
}

/** GetObject and HeadObject. */
export function getObject(request: S3Request, s3: StandIn): Answer {
  const bucket = s3.store.bucket(request.bucket)
  const object = bucket.get(request.key)
  checkMayRead(request.headers, object)

  const headers = { ...describingHeaders(object, request), ...overridingHeaders(request.query) }
  const range = requestedRange(request.headers['range'], object.size)
  const status = range ? 206 : 200
  const { start, end } = range ?? { start: 0, end: object.size - 1 }
  headers['Content-Length'] = end - start + 1
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${object.size}`

  if (request.method === 'HEAD' || object.size === 0) return { status, headers }
  // Opened in the turn in which the object was looked up: no overwrite can come between.
  const fd = bucket.openBody(object)
  return { status, headers, stream: createReadStream('', { fd, start, end }) }
}

/** DeleteObject: also fine when there is no such object. */
export function deleteObject(request: S3Request, s3: StandIn): Answer {
  const bucket = s3.store.bucket(request.bucket)
  if (request.headers['if-match'] !== undefined) checkMayWrite(request.headers, bucket.find(request.key))

  if (bucket.remove(request.key)) {
    s3.notifications.announce('ObjectRemoved:Delete', request, bucket, { key: request.key })
  }
  return { status: 204 }
}

/** DeleteObjects: up to 1,000 keys; one that does not exist counts as deleted. */
export async function deleteObjects(request: S3Request, s3: StandIn): Promise<Answer> {
  const source = bodyOf(request)
  if (source.md5 === undefined && source.checksum === undefined) {
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    )
  }
  const root = parseXml(await receiveText(source), 'Delete')
  const keys = elements(root, 'Object').map((object) => requiredText(object, 'Key'))
  if (keys.length === 0 || keys.length > 1000 || keys.includes('')) throw new S3Error('MalformedXML')

  const bucket = s3.store.bucket(request.bucket)
  for (const key of keys) {
    if (bucket.remove(key)) s3.notifications.announce('ObjectRemoved:Delete', request, bucket, { key })
  }
  const quiet = text(root, 'Quiet') === 'true'
  const deleted = quiet ? [] : keys.map((key) => element('Deleted', element('Key', key)))
  return { status: 200, xml: xmlDocument('DeleteResult', deleted) }
}

export function getObjectTagging(request: S3Request, s3: StandIn): Answer {
  const { tags } = s3.store.bucket(request.bucket).get(request.key)
  return { status: 200, xml: xmlDocument('Tagging', tagSet(tags)) }
}

export async function putObjectTagging(request: S3Request, s3: StandIn): Promise<Answer> {
  const tags = parseTags(await receiveText(bodyOf(request)), mostObjectTags)
  const bucket = s3.store.bucket(request.bucket)
  bucket.changeTags(request.key, tags)
  s3.notifications.announce('ObjectTagging:Put', request, bucket, { key: request.key })
  return { status: 200 }
}

export function deleteObjectTagging(request: S3Request, s3: StandIn): Answer {
  const bucket = s3.store.bucket(request.bucket)
  bucket.changeTags(request.key, [])
  s3.notifications.announce('ObjectTagging:Delete', request, bucket, { key: request.key })
  return { status: 204 }
}

function describingHeaders(object: StoredObject, { headers }: S3Request): Record<string, string | number> {
  const wantsChecksum = headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && !headers['range']
  return {
    ...object.headers,
    ETag: `"${object.etag}"`,
    'Last-Modified': new Date(object.lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(object.tags.length > 0 ? { 'x-amz-tagging-count': object.tags.length } : {}),
    ...(wantsChecksum ? checksumHeaders(object.checksum) : {}),
  }
}

/** `response-content-type` and its siblings, by which a presigned URL decides how a browser takes the object. */
function overridingHeaders(query: URLSearchParams): Record<string, string | number> {
  const headers: Record<string, string> = {}
  for (const name of overridable) {
    const value = query.get(`response-${name}`)
    if (value !== null) headers[name] = headerValue(name, value)
  }
  return headers
}

const overridable = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]
