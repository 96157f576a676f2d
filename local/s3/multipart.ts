import type { Answer } from './answers.ts'
import { bodyOf, receive } from './body.ts'
import { checksumElements, defaultChecksum, isChecksumAlgorithm } from './checksums.ts'
import { S3Error } from './errors.ts'
import { readEncodingType, readMaximum } from './listing.ts'
import { objectHeaders } from './object-headers.ts'
import { percentEncodedPath, type S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { tagsInHeader } from './tags.ts'
import type { Upload } from './uploads.ts'
import { compareUtf8 } from './utf8-order.ts'
import { element, xmlDocument } from './xml.ts'

/** CreateMultipartUpload: headers and tags are stated now, and become the object's when the upload is completed. */
export function createUpload({ bucket, key, headers }: S3Request, s3: StandIn): Answer {
  const upload = s3.store.bucket(bucket).uploads.begin({
    key,
    headers: objectHeaders(headers),
    tags: tagsInHeader(headers['x-amz-tagging']),
    checksum: readUploadChecksum(headers),
  })
  const { algorithm, type, declared } = upload.checksum
  return {
    status: 200,
    ...(declared && {
      headers: { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type },
    }),
    xml: xmlDocument(
      'InitiateMultipartUploadResult',
      element('Bucket', bucket),
      element('Key', key),
      element('UploadId', upload.id),
    ),
  }
}

/** UploadPart: parts may come in any order, at the same time, and again. */
export async function uploadPart(request: S3Request, s3: StandIn): Promise<Answer> {
  if (request.headers['x-amz-copy-source']) {
    throw new S3Error('NotImplemented', undefined, { Header: 'x-amz-copy-source' })
  }
  const number = readPartNumber(request.query)
  const { uploads } = s3.store.bucket(request.bucket)
  const upload = findUpload(request, s3)
  const { algorithm, declared } = upload.checksum
  const source = bodyOf(request)
  if (declared && source.checksum && source.checksum.algorithm !== algorithm) {
    const actual = source.checksum.algorithm
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${actual}`,
    )
  }

  await using received = await receive({ ...source, algorithm }, s3.store.disk)
  const { etag, checksum } = uploads.putPart(upload, number, received)
  return {
    status: 200,
    headers: {
      ETag: `"${etag}"`,
      [`x-amz-checksum-${checksum.algorithm}`]: checksum.value,
    },
  }
}

/** AbortMultipartUpload: the parts are deleted. */
export async function abortUpload(request: S3Request, s3: StandIn): Promise<Answer> {
  const upload = findUpload(request, s3)
  await s3.store.bucket(request.bucket).uploads.remove(upload)
  return { status: 204 }
}

/** ListParts: by number, in pages. */
export function listParts(request: S3Request, s3: StandIn): Answer {
  const { bucket, key, query } = request
  const upload = findUpload(request, s3)
  const most = readMaximum(query, 'max-parts')
  const marker = Number(query.get('part-number-marker') ?? 0)
  const parts = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((one, other) => one.number - other.number)
  const page = parts.slice(0, most)
  return {
    status: 200,
    xml: xmlDocument(
      'ListPartsResult',
      element('Bucket', bucket),
      element('Key', key),
      element('UploadId', upload.id),
      element('StorageClass', upload.headers['x-amz-storage-class'] ?? 'STANDARD'),
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', page.at(-1)?.number ?? 0),
      element('MaxParts', most),
      element('IsTruncated', page.length < parts.length),
      page.map((part) =>
        element(
          'Part',
          element('PartNumber', part.number),
          element('LastModified', part.lastModified),
          element('ETag', `"${part.etag}"`),
          element('Size', part.size),
          checksumElements(part.checksum)[0],
        ),
      ),
    ),
  }
}

/** ListMultipartUploads: by key and age, in pages; without delimiters. */
export function listUploads({ bucket, query }: S3Request, s3: StandIn): Answer {
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const most = readMaximum(query, 'max-uploads')
  const encodingType = readEncodingType(query)
  if (query.get('delimiter')) throw new S3Error('NotImplemented', undefined, { Query: 'delimiter' })

  const all = s3.store.bucket(bucket).uploads.all()
  const markerIndex = all.findIndex(({ key, id }) => key === keyMarker && id === idMarker)
  const isAfterMarker = ({ key }: Upload, index: number): boolean =>
    markerIndex >= 0 ? index > markerIndex : keyMarker === '' || compareUtf8(key, keyMarker) > 0
  const uploads = all.filter((upload, index) => upload.key.startsWith(prefix) && isAfterMarker(upload, index))
  const page = uploads.slice(0, most)
  const truncated = page.length < uploads.length
  const encoded = (text: string): string => (encodingType ? percentEncodedPath(text) : text)
  return {
    status: 200,
    xml: xmlDocument(
      'ListMultipartUploadsResult',
      element('Bucket', bucket),
      element('Prefix', encoded(prefix)),
      element('KeyMarker', encoded(keyMarker)),
      element('UploadIdMarker', idMarker),
      truncated ? element('NextKeyMarker', encoded(page.at(-1)?.key ?? '')) : undefined,
      truncated ? element('NextUploadIdMarker', page.at(-1)?.id ?? '') : undefined,
      encodingType ? element('EncodingType', encodingType) : undefined,
      element('MaxUploads', most),
      element('IsTruncated', truncated),
      page.map(({ key, id, initiated }) =>
        element(
          'Upload',
          element('Key', encoded(key)),
          element('UploadId', id),
          element('StorageClass', 'STANDARD'),
          element('Initiated', initiated),
        ),
      ),
    ),
  }
}

/** @throws NoSuchUpload, NoSuchBucket */
export function findUpload({ bucket, key, query }: S3Request, s3: StandIn): Upload {
  return s3.store.bucket(bucket).uploads.get(query.get('uploadId') ?? '', key)
}

/** The types that exist: S3 User Guide, "Checking object integrity"; a digest of the whole can only be a CRC. */
function readUploadChecksum(headers: Record<string, string>): Upload['checksum'] {
  const name = headers['x-amz-checksum-algorithm']?.toLowerCase()
  if (name === undefined) return { algorithm: defaultChecksum, type: 'FULL_OBJECT', declared: false }
  if (!isChecksumAlgorithm(name))
    throw new S3Error('NotImplemented', undefined, { Header: 'x-amz-checksum-algorithm' })

  const type = headers['x-amz-checksum-type'] ?? (name === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')
  const exists =
    name === 'crc64nvme' ? type === 'FULL_OBJECT' : !name.startsWith('sha') || type === 'COMPOSITE'
  if (exists && (type === 'FULL_OBJECT' || type === 'COMPOSITE'))
    return { algorithm: name, type, declared: true }
  throw new S3Error(
    'InvalidRequest',
    `The ${type} checksum type cannot be used with the ${name} checksum algorithm.`,
  )
}

/** S3 User Guide, "Amazon S3 multipart upload limits". */
function readPartNumber(query: URLSearchParams): number {
  const number = Number(query.get('partNumber'))
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
    ArgumentName: 'partNumber',
  })
}
