import { checksumAlgorithms, isChecksumAlgorithm } from './checksums.ts'
import { decodeAwsChunked } from './chunked.ts'
import type { Disk, IncomingFile } from './disk.ts'
import { S3Error } from './errors.ts'
import { Inspection, type DeclaredChecksum, type Outcome, type Source } from './inspection.ts'
import type { S3Request } from './request.ts'

/** Bytes that arrived whole and as declared, in a file of their own that is removed unless it is moved away. */
export interface Received extends Outcome, AsyncDisposable {
  file: IncomingFile
}

/**
 * Streams to disk and verifies every digest that was declared. When anything is wrong, nothing is left behind.
 * @throws BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, EntityTooLarge, or whatever the source throws.
 */
export async function receive(source: Source, disk: Disk): Promise<Received> {
  const inspection = new Inspection(source)
  const file = await disk.save(inspection.pass())
  return { ...inspection.outcome(), file, [Symbol.asyncDispose]: () => file.discard() }
}

/** As {@link receive}, for documents: they are small and stay in memory. */
export async function receiveText(source: Source): Promise<string> {
  const chunks: Buffer[] = []
  const inspection = new Inspection({ limit: largestDocument, ...source })
  for await (const chunk of inspection.pass()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Bytes. 1,000 keys of 1,024 bytes each, every byte escaped, still fit. */
const largestDocument = 8 * 2 ** 20

/** The body of a request with all that is declared about it. */
export function bodyOf(request: S3Request): Source {
  const trailers = new Map<string, string>()
  const checksum = declaredChecksum(request.headers, trailers)
  if (request.headers['x-amz-sdk-checksum-algorithm'] && !checksum) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  return { ...signedBodyOf(request, trailers), md5: request.headers['content-md5'], checksum }
}

/**
 * The body with what the signature says about it, and nothing else: completing an upload has checksum headers that
 * speak of the object, not of the body.
 */
export function signedBodyOf(request: S3Request, trailers = new Map<string, string>()): Source {
  const { headers, payload } = request
  // The socket must survive a refusal, which is still to be sent.
  const chunks = request.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  if (payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    const length = headers['x-amz-decoded-content-length']
    if (length === undefined || !/^\d+$/.test(length)) throw new S3Error('MissingContentLength')
    return { chunks: decodeAwsChunked(chunks, trailers), size: Number(length) }
  }

  if (headers['transfer-encoding'])
    throw new S3Error('NotImplemented', undefined, { Header: 'Transfer-Encoding' })
  return { chunks, sha256: payload === 'UNSIGNED-PAYLOAD' ? undefined : payload }
}

/** The one checksum that headers, announced trailers or the fields of a form declare. */
export function declaredChecksum(
  headers: Record<string, string>,
  trailers: ReadonlyMap<string, string> = new Map(),
): DeclaredChecksum | undefined {
  const announced = (headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase())
  const [name, another] = [...Object.keys(headers), ...announced].filter((name) =>
    isChecksumHeader.test(name),
  )
  if (another) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  if (!name) return undefined

  const algorithm = name.slice('x-amz-checksum-'.length)
  if (!isChecksumAlgorithm(algorithm)) {
    throw new S3Error('NotImplemented', `Only ${checksumAlgorithms.join(', ')} can be verified here.`, {
      Header: name,
    })
  }
  return { algorithm, value: () => headers[name] ?? trailers.get(name) }
}

const isChecksumHeader = /^x-amz-checksum-(?!mode$|type$|algorithm$)/
