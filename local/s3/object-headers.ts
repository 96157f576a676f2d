import { S3Error } from './errors.ts'

/**
 * The headers that are kept with an object and sent with it: from a request, or from the fields of a form.
 * @throws NotImplemented and AccessControlListNotSupported for what would have to be more than kept.
 */
export function objectHeaders(headers: Record<string, string>): Record<string, string> {
  refuseUnsupported(headers)
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  let metadataSize = 0
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-')) {
      metadataSize += name.length - 'x-amz-meta-'.length + value.length
      kept[name] = value
    } else if (keptHeaders.has(name) && value !== '') {
      kept[name] = value
    }
  }
  if (metadataSize > largestMetadata) {
    throw new S3Error('MetadataTooLarge', undefined, { Size: metadataSize, MaxSizeAllowed: largestMetadata })
  }

  const encoding = withoutAwsChunked(kept['content-encoding'])
  delete kept['content-encoding']
  return encoding ? { ...kept, 'content-encoding': encoding } : kept
}

const keptHeaders = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-server-side-encryption', // remembered, not done: the disk is the developer's own
  'x-amz-storage-class',
])

/** Bytes, of names and values together (S3 User Guide, "Working with object metadata"). */
const largestMetadata = 2048

/** The framing of the upload is not part of the object. */
function withoutAwsChunked(encoding = ''): string {
  return encoding
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'aws-chunked')
    .join(',')
}

function refuseUnsupported(headers: Record<string, string>): void {
  const acl = headers['x-amz-acl'] ?? headers['acl']
  if (acl && acl !== 'private' && !acl.startsWith('bucket-owner-'))
    throw new S3Error('AccessControlListNotSupported')

  const encryption = headers['x-amz-server-side-encryption']
  const unsupported = Object.keys(headers).find((name) => unsupportedHeader.test(name))
  if (unsupported || (encryption && encryption !== 'AES256')) {
    throw new S3Error('NotImplemented', undefined, { Header: unsupported ?? 'x-amz-server-side-encryption' })
  }
}

const unsupportedHeader =
  /^x-amz-(server-side-encryption-(customer|aws-kms)|object-lock|website-redirect|grant|write-offset)/
