import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from './errors.ts'

/** What arrived, before anybody asked who sent it. */
export interface Call extends RequestIds {
  method: string
  /** The path as it was sent, which is what was signed. */
  rawPath: string
  /** Empty for the account itself. */
  bucket: string
  /** Empty for the bucket itself. */
  key: string
  query: URLSearchParams
  headers: Record<string, string>
  sourceAddress: string
  body: IncomingMessage
}

/** The two ids that S3 gives every request, in its answer and in the event it causes. */
export interface RequestIds {
  id: string
  hostId: string
}

/** A call whose signature was verified. */
export interface S3Request extends Call {
  accessKeyId: string
  /** What the signature says about the body: its SHA-256 in hex, `UNSIGNED-PAYLOAD`, or that it is aws-chunked. */
  payload: string
}

export function newRequestIds(): RequestIds {
  return { id: randomBytes(8).toString('hex').toUpperCase(), hostId: randomBytes(48).toString('base64') }
}

/**
 * Takes a path-style request apart: `/bucket/key?query`.
 * @throws InvalidURI, KeyTooLongError
 */
export function readCall(incoming: IncomingMessage, ids: RequestIds): Call {
  const [rawPath = '/', rawQuery = ''] = splitOnce(incoming.url ?? '/', '?')
  const [bucket = '', key = ''] = splitOnce(rawPath.slice(1), '/')
  const call: Call = {
    ...ids,
    method: incoming.method ?? 'GET',
    rawPath,
    bucket: percentDecoded(bucket),
    key: percentDecoded(key),
    query: new URLSearchParams(rawQuery),
    headers: plainHeaders(incoming),
    sourceAddress: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    body: incoming,
  }
  checkKey(call.key)
  return call
}

/**
 * Keys are up to 1,024 bytes of UTF-8. Segments of `..` are allowed as long as they never climb above the bucket
 * (S3 User Guide, "Naming Amazon S3 objects").
 */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key)
  if (size > 1024) throw new S3Error('KeyTooLongError', undefined, { Size: size, MaxSizeAllowed: 1024 })

  let depth = 0
  for (const segment of key.split('/')) {
    depth += segment === '..' ? -1 : 1
    if (depth < 0) throw new S3Error('InvalidURI')
  }
}

/** @throws InvalidURI when an escape is broken or does not spell UTF-8. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw Object.assign(new S3Error('InvalidURI'), { cause })
  }
}

/** RFC 3986: everything but unreserved characters is escaped. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A path: as {@link percentEncoded}, but slashes stay. */
export function percentEncodedPath(path: string): string {
  return path.split('/').map(percentEncoded).join('/')
}

/**
 * A value that came in a query or a form and will go out in a header: its UTF-8 bytes, one character each, as
 * node:http writes headers.
 * @throws InvalidArgument when it would break the header.
 */
export function headerValue(name: string, value: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw new S3Error('InvalidArgument', 'Header value cannot be represented.', { ArgumentName: name })
  }
  return Buffer.from(value).toString('latin1')
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function plainHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) // a signature may name `constructor`
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}
