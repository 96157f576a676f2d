import { createReadStream } from 'node:fs'
import type { Answer } from './answers.ts'
import { receive } from './body.ts'
import type { NewObject } from './bucket.ts'
import { checksumElements, isChecksumAlgorithm } from './checksums.ts'
import { S3Error } from './errors.ts'
import { objectHeaders } from './object-headers.ts'
import { checkMayRead, checkMayWrite } from './preconditions.ts'
import { percentDecoded, type S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { tagsInHeader } from './tags.ts'
import { element, xmlDocument } from './xml.ts'

/** CopyObject. The bytes are read again, so that the copy of a multipart object has a plain MD5 as its ETag, as in S3. */
export async function copyObject(request: S3Request, s3: StandIn): Promise<Answer> {
  const { headers, key } = request
  const target = s3.store.bucket(request.bucket)
  const from = readSource(headers['x-amz-copy-source'] ?? '')
  const sourceBucket = s3.store.bucket(from.bucket)
  const source = sourceBucket.get(from.key)
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE'
  if (sourceBucket === target && from.key === key && !replaces)
    throw new S3Error('InvalidRequest', ontoItself)
  checkMayRead(headers, source, 'x-amz-copy-source-')
  checkMayWrite(headers, target.find(key))

  const ownHeaders = objectHeaders(headers)
  const ownTags = tagsInHeader(headers['x-amz-tagging'])
  const description: Omit<NewObject, 'etag'> = {
    headers: replaces ? ownHeaders : source.headers,
    tags: headers['x-amz-tagging-directive'] === 'REPLACE' ? ownTags : source.tags,
  }
  const wanted = headers['x-amz-checksum-algorithm']?.toLowerCase() ?? source.checksum.algorithm
  const algorithm = isChecksumAlgorithm(wanted) ? wanted : undefined
  const chunks: AsyncIterable<Buffer> = createReadStream('', { fd: sourceBucket.openBody(source) })
  await using received = await receive({ chunks, algorithm, limit: source.size }, s3.store.disk)
  checkMayWrite(headers, target.find(key))
  const object = target.put(key, received, { ...description, etag: received.md5 })
  s3.notifications.announce('ObjectCreated:Copy', request, target, object)

  return {
    status: 200,
    xml: xmlDocument(
      'CopyObjectResult',
      element('LastModified', object.lastModified),
      element('ETag', `"${object.etag}"`),
      checksumElements(object.checksum),
    ),
  }
}

const ontoItself =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."

/** `/bucket/key`, percent-encoded, with or without the first slash. */
function readSource(header: string): { bucket: string; key: string } {
  const [encoded = '', query = ''] = header.replace(/^\//, '').split('?')
  if (query !== '' && query !== 'versionId=null') {
    throw new S3Error('NotImplemented', undefined, { Header: 'x-amz-copy-source' })
  }

  const source = percentDecoded(encoded)
  const slash = source.indexOf('/')
  if (slash < 1 || slash === source.length - 1) {
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    )
  }
  return { bucket: source.slice(0, slash), key: source.slice(slash + 1) }
}
