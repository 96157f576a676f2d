import type { Answer } from './answers.ts'
import type { Bucket, StoredObject } from './bucket.ts'
import { S3Error } from './errors.ts'
import { percentEncodedPath, type S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { compareUtf8 } from './utf8-order.ts'
import { element, xmlDocument } from './xml.ts'

/** ListObjectsV2: keys in UTF-8 order, those with a common prefix up to the delimiter rolled into one entry. */
export function listObjects({ bucket: name, query }: S3Request, s3: StandIn): Answer {
  if (query.get('list-type') !== '2')
    throw new S3Error('NotImplemented', 'Only version 2 of ListObjects is answered.')
  const bucket = s3.store.bucket(name)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const startAfter = query.get('start-after') ?? undefined
  const token = query.get('continuation-token') ?? undefined
  const encodingType = readEncodingType(query)
  const most = readMaximum(query, 'max-keys')

  const after = token === undefined ? startAfter : readToken(token)
  const page = pageOf(bucket, { prefix, delimiter, after, most })
  const encoded = (text: string): string => (encodingType ? percentEncodedPath(text) : text)
  return {
    status: 200,
    xml: xmlDocument(
      'ListBucketResult',
      element('Name', name),
      element('Prefix', encoded(prefix)),
      delimiter ? element('Delimiter', encoded(delimiter)) : undefined,
      element('MaxKeys', most),
      encodingType ? element('EncodingType', encodingType) : undefined,
      element('KeyCount', page.objects.length + page.prefixes.length),
      element('IsTruncated', page.truncated),
      startAfter === undefined ? undefined : element('StartAfter', encoded(startAfter)),
      token === undefined ? undefined : element('ContinuationToken', token),
      page.truncated ? element('NextContinuationToken', writeToken(page.last)) : undefined,
      page.objects.map((object) => contents(object, encoded)),
      page.prefixes.map((common) => element('CommonPrefixes', element('Prefix', encoded(common)))),
    ),
  }
}

/** @throws InvalidArgument for anything but `url` */
export function readEncodingType(query: URLSearchParams): 'url' | undefined {
  const type = query.get('encoding-type')
  if (type === null) return undefined
  if (type === 'url') return type
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    ArgumentName: 'encoding-type',
  })
}

/** How many entries a page may have: what is asked, at most 1,000. @throws InvalidArgument */
export function readMaximum(query: URLSearchParams, name: string): number {
  const asked = query.get(name) ?? '1000'
  if (/^\d+$/.test(asked)) return Math.min(Number(asked), 1000)
  throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
    ArgumentName: name,
    ArgumentValue: asked,
  })
}

interface Page {
  objects: StoredObject[]
  prefixes: string[]
  truncated: boolean
  /** The last key or common prefix of the page. */
  last: string
}

interface Wanted {
  prefix: string
  delimiter: string
  after: string | undefined
  most: number
}

function pageOf(bucket: Bucket, { prefix, delimiter, after, most }: Wanted): Page {
  const page: Page = { objects: [], prefixes: [], truncated: false, last: '' }
  for (const key of bucket.keys()) {
    if (!key.startsWith(prefix)) continue
    const common = commonPrefix(key, prefix, delimiter)
    const entry = common ?? key
    if (after !== undefined && compareUtf8(entry, after) <= 0) continue
    if (common !== undefined && common === page.prefixes.at(-1)) continue

    if (page.objects.length + page.prefixes.length >= most) {
      page.truncated = most > 0
      break
    }
    if (common === undefined) page.objects.push(bucket.get(key))
    else page.prefixes.push(common)
    page.last = entry
  }
  return page
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

function contents(object: StoredObject, encoded: (text: string) => string) {
  const { algorithm, type } = object.checksum
  return element(
    'Contents',
    element('Key', encoded(object.key)),
    element('LastModified', object.lastModified),
    element('ETag', `"${object.etag}"`),
    element('ChecksumAlgorithm', algorithm.toUpperCase()),
    element('ChecksumType', type),
    element('Size', object.size),
    element('StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD'),
  )
}

/** Clients must not understand it, so it does not look like a key. */
function writeToken(last: string): string {
  return Buffer.from(`after:${last}`).toString('base64url')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (text.startsWith('after:')) return text.slice('after:'.length)
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
    ArgumentName: 'continuation-token',
  })
}
