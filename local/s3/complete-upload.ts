import { createHash } from 'node:crypto'
import type { Answer } from './answers.ts'
import { declaredChecksum, receive, receiveText, signedBodyOf } from './body.ts'
import type { StoredObject } from './bucket.ts'
import { checksumElements, startChecksum, type Checksum } from './checksums.ts'
import { S3Error } from './errors.ts'
import { findUpload } from './multipart.ts'
import { checkMayWrite } from './preconditions.ts'
import { percentEncodedPath, type S3Request } from './request.ts'
import type { StandIn } from './stand-in.ts'
import type { Part, Upload } from './uploads.ts'
import { element, elements, parseXml, requiredText, text, xmlDocument } from './xml.ts'

/** CompleteMultipartUpload: the parts become one object and the upload is gone; or it is refused and nothing changed. */
export async function completeUpload(request: S3Request, s3: StandIn): Promise<Answer> {
  const claimed = readClaimedParts(await receiveText(signedBodyOf(request)))
  const { uploads } = s3.store.bucket(request.bucket)
  const upload = findUpload(request, s3)
  const parts = verifiedParts(claimed, upload)
  checkDeclaredSize(request.headers, parts)

  uploads.take(upload) // a second completion must not find it while this one assembles
  const object = await assemble(upload, parts, request, s3).catch((error: unknown) => {
    uploads.giveBack(upload)
    throw error
  })
  await uploads.remove(upload)

  return {
    status: 200,
    xml: xmlDocument(
      'CompleteMultipartUploadResult',
      element(
        'Location',
        `http://${request.headers['host']}/${request.bucket}/${percentEncodedPath(object.key)}`,
      ),
      element('Bucket', request.bucket),
      element('Key', object.key),
      element('ETag', `"${object.etag}"`),
      checksumElements(object.checksum),
    ),
  }
}

interface ClaimedPart {
  number: number
  etag: string
  checksums: { name: string; value: string }[]
}

function readClaimedParts(document: string): ClaimedPart[] {
  const parts = elements(parseXml(document, 'CompleteMultipartUpload'), 'Part').map((part) => ({
    number: Number(requiredText(part, 'PartNumber')),
    etag: requiredText(part, 'ETag').replaceAll('"', ''),
    checksums: Object.keys(part)
      .filter((name) => name.startsWith('Checksum'))
      .map((name) => ({ name: name.slice('Checksum'.length).toLowerCase(), value: text(part, name) ?? '' })),
  }))
  if (parts.length === 0) throw new S3Error('MalformedXML')
  return parts
}

/** The parts that the client names, each as it was uploaded, in ascending order, all but the last large enough. */
function verifiedParts(claimed: ClaimedPart[], upload: Upload): Part[] {
  return claimed.map((claim, index) => {
    if (index > 0 && claim.number <= (claimed[index - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder')

    const part = upload.parts.get(claim.number)
    const details = { UploadId: upload.id, PartNumber: claim.number, ETag: claim.etag }
    if (part?.etag !== claim.etag) throw new S3Error('InvalidPart', undefined, details)
    const differs = claim.checksums.some(
      ({ name, value }) => name === part.checksum.algorithm && value !== part.checksum.value,
    )
    if (differs) throw new S3Error('InvalidPart', undefined, details)

    if (index < claimed.length - 1 && part.size < smallestPart) {
      throw new S3Error('EntityTooSmall', undefined, {
        ProposedSize: part.size,
        MinSizeAllowed: smallestPart,
        PartNumber: part.number,
        ETag: part.etag,
      })
    }
    return part
  })
}

/** Bytes (S3 User Guide, "Amazon S3 multipart upload limits"). */
const smallestPart = 5 * 2 ** 20

function checkDeclaredSize(headers: Record<string, string>, parts: Part[]): void {
  const declared = headers['x-amz-mp-object-size']
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  if (declared === undefined || Number(declared) === size) return
  throw new S3Error(
    'InvalidRequest',
    'The provided x-amz-mp-object-size does not match the size of the parts.',
  )
}

async function assemble(
  upload: Upload,
  parts: Part[],
  request: S3Request,
  s3: StandIn,
): Promise<StoredObject> {
  const { headers } = request
  const bucket = s3.store.bucket(request.bucket)
  checkMayWrite(headers, bucket.find(upload.key))

  const { algorithm, type } = upload.checksum
  const chunks = bucket.uploads.bytesOf(upload, parts)
  await using received = await receive({ chunks, algorithm, limit: Infinity }, s3.store.disk)
  const checksum = type === 'COMPOSITE' ? compositeChecksum(upload, parts) : received.checksum
  checkDeclaredChecksum(headers, checksum)

  checkMayWrite(headers, bucket.find(upload.key))
  const object = bucket.put(upload.key, received, { ...upload, checksum, etag: multipartEtag(parts) })
  s3.notifications.announce('ObjectCreated:CompleteMultipartUpload', request, bucket, object)
  return object
}

/** MD5 of the parts' MD5s, and how many they were. */
function multipartEtag(parts: Part[]): string {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part.etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}

/** Digest of the parts' digests, and how many they were. */
function compositeChecksum({ checksum: { algorithm } }: Upload, parts: Part[]): Checksum {
  const digest = startChecksum(algorithm)
  for (const part of parts) digest.update(Buffer.from(part.checksum.value, 'base64'))
  return { algorithm, type: 'COMPOSITE', value: `${digest.digest().toString('base64')}-${parts.length}` }
}

/** Here the checksum headers speak of the finished object. The number of parts may be left off. */
function checkDeclaredChecksum(headers: Record<string, string>, { algorithm, value }: Checksum): void {
  const declared = declaredChecksum(headers)
  if (!declared || declared.algorithm !== algorithm) return
  if ([value, value.replace(/-\d+$/, '')].includes(declared.value() ?? '')) return
  throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
}
