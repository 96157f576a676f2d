import busboy from 'busboy'
import type { Readable } from 'node:stream'
import type { Answer } from './answers.ts'
import { declaredChecksum, receive } from './body.ts'
import type { Bucket, StoredObject } from './bucket.ts'
import { S3Error } from './errors.ts'
import { objectHeaders } from './object-headers.ts'
import { checkPolicy } from './post-policy.ts'
import { checkKey, headerValue, percentEncodedPath, type Call } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { mostObjectTags, parseTags } from './tags.ts'
import { element, xmlDocument } from './xml.ts'

/** Whether it is a form that a browser posts to a bucket; it carries its signature among its fields. */
export function isPostForm({ method, bucket, key, headers }: Call): boolean {
  const type = headers['content-type'] ?? ''
  return method === 'POST' && bucket !== '' && key === '' && /^multipart\/form-data\b/i.test(type)
}

/** POST Object: a browser's upload, within what the signed policy grants. */
export async function postObject(call: Call, s3: StandIn): Promise<Answer> {
  const bucket = s3.store.bucket(call.bucket)
  const { fields, file, filename } = await readForm(call)
  const { accessKeyId, size } = checkPolicy(fields, call.bucket, s3)
  const key = objectKey(fields['key'], filename)
  const headers = headersFrom(fields)
  const description = {
    headers: objectHeaders(headers),
    tags: fields['tagging'] ? parseTags(fields['tagging'], mostObjectTags) : [],
  }

  const source = { chunks: bytesOf(file), limit: size?.most, checksum: declaredChecksum(headers) }
  await using received = await receive(source, s3.store.disk)
  if (size && received.size < size.least) {
    throw new S3Error('EntityTooSmall', undefined, {
      ProposedSize: received.size,
      MinSizeAllowed: size.least,
    })
  }
  const object = bucket.put(key, received, { ...description, etag: received.md5 })
  s3.notifications.announce('ObjectCreated:Post', { ...call, accessKeyId }, bucket, object)

  return success(fields, call, bucket, object)
}

interface Form {
  /** By their names in lower case. Fields after the file are not read. */
  fields: Record<string, string>
  file: Readable
  filename: string
}

/** Settles as soon as the file begins: whether it may come in at all stands in the fields before it. */
function readForm(call: Call): Promise<Form> {
  const parser = openParser(call)
  const fields: Record<string, string> = Object.create(null)
  let size = 0
  return new Promise((resolve, reject) => {
    parser.on('field', (name, value, { valueTruncated }) => {
      size += name.length + value.length
      if (valueTruncated || size > mostFieldBytes) reject(new S3Error('MaxPostPreDataLengthExceeded'))
      fields[name.toLowerCase()] = value
    })
    parser.on('file', (name, file, { filename }) => {
      if (name.toLowerCase() === 'file') resolve({ fields, file, filename: filename ?? '' })
      else file.resume()
      // Whoever reads the file meets its error; that of a refused form is read by nobody, and must not end the process.
      file.on('error', (cause) => reject(malformed(cause)))
    })
    parser.on('error', (cause) => reject(malformed(cause)))
    parser.on('close', () => reject(noFile()))
    call.body.on('error', (error) => parser.destroy(error)) // the client is gone, which ends the file as well
    call.body.pipe(parser)
  })
}

/** S3 User Guide, "POST Object": the form data before the file is limited to 20 KB. */
const mostFieldBytes = 20_480

function openParser({ headers }: Call): busboy.Busboy {
  try {
    return busboy({ headers, defParamCharset: 'utf8', limits: { fieldSize: mostFieldBytes } })
  } catch (cause) {
    throw malformed(cause)
  }
}

function malformed(cause: unknown): S3Error {
  return Object.assign(new S3Error('MalformedPOSTRequest'), { cause })
}

function noFile(): S3Error {
  return new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
  })
}

function objectKey(template: string | undefined, filename: string): string {
  if (template === undefined) {
    throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.", {
      ArgumentName: 'key',
    })
  }
  const key = template.replaceAll('${filename}', () => filename)
  if (key === '') throw new S3Error('InvalidArgument', 'User key must have a length greater than 0.')
  checkKey(key)
  return key
}

/** Those fields that stand for headers of the object, as headers. */
function headersFrom(fields: Record<string, string>): Record<string, string> {
  const { key: _key, policy: _policy, tagging: _tagging, ...others } = fields
  return Object.fromEntries(Object.entries(others).map(([name, value]) => [name, headerValue(name, value)]))
}

/** The file's bytes; when the form ends in the middle of it, the refusal. */
async function* bytesOf(file: Readable): AsyncGenerator<Buffer> {
  try {
    yield* file as AsyncIterable<Buffer>
  } catch (cause) {
    throw malformed(cause)
  }
}

function success(fields: Record<string, string>, call: Call, bucket: Bucket, object: StoredObject): Answer {
  const location = `http://${call.headers['host']}/${bucket.name}/${percentEncodedPath(object.key)}`
  const etag = `"${object.etag}"`
  const headers = { ETag: etag, Location: location }

  const redirect = fields['success_action_redirect'] ?? fields['redirect'] ?? ''
  if (URL.canParse(redirect)) {
    const target = new URL(redirect)
    target.searchParams.set('bucket', bucket.name)
    target.searchParams.set('key', object.key)
    target.searchParams.set('etag', etag)
    return { status: 303, headers: { ...headers, Location: target.href } }
  }

  const status = fields['success_action_status']
  if (status !== '201') return { status: status === '200' ? 200 : 204, headers }
  const xml = xmlDocument(
    'PostResponse',
    element('Location', location),
    element('Bucket', bucket.name),
    element('Key', object.key),
    element('ETag', etag),
  )
  return { status: 201, headers, xml }
}
