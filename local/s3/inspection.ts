import { createHash } from 'node:crypto'
import { defaultChecksum, startChecksum, type Checksum, type ChecksumAlgorithm } from './checksums.ts'
import { S3Error } from './errors.ts'

/** A stream of bytes and what is declared about it. */
export interface Source {
  chunks: AsyncIterable<Buffer>
  /** base64, as in Content-MD5 */
  md5?: string | undefined
  /** hex, as in x-amz-content-sha256 */
  sha256?: string | undefined
  checksum?: DeclaredChecksum | undefined
  /** What to compute when no checksum is declared. */
  algorithm?: ChecksumAlgorithm | undefined
  /** Exactly so many bytes. */
  size?: number | undefined
  /** No more bytes than this; 5 GiB unless told. */
  limit?: number | undefined
}

/** The algorithm, and a way to ask for the base64 value once the bytes have passed: it may come in a trailer. */
export interface DeclaredChecksum {
  algorithm: ChecksumAlgorithm
  value: () => string | undefined
}

/** What the bytes turned out to be. */
export interface Outcome {
  size: number
  /** hex */
  md5: string
  checksum: Checksum
}

/** Counts and digests the bytes of a source as they pass, and compares with what was declared when they have. */
export class Inspection {
  readonly #source: Source
  readonly #md5 = createHash('md5')
  readonly #sha256 = createHash('sha256')
  readonly #algorithm: ChecksumAlgorithm
  readonly #checksum
  #size = 0
  #outcome: Outcome | undefined

  constructor(source: Source) {
    this.#source = source
    this.#algorithm = source.checksum?.algorithm ?? source.algorithm ?? defaultChecksum
    this.#checksum = startChecksum(this.#algorithm)
  }

  /** The bytes themselves; ends with the refusal when they are not what was declared. */
  async *pass(): AsyncGenerator<Buffer> {
    const { limit = largestUpload, sha256 } = this.#source
    for await (const chunk of this.#source.chunks) {
      this.#size += chunk.length
      if (this.#size > limit) {
        throw new S3Error('EntityTooLarge', undefined, { ProposedSize: this.#size, MaxSizeAllowed: limit })
      }
      this.#md5.update(chunk)
      if (sha256 !== undefined) this.#sha256.update(chunk)
      this.#checksum.update(chunk)
      yield chunk
    }

    if (this.#source.size !== undefined && this.#source.size !== this.#size)
      throw new S3Error('IncompleteBody')
    const md5 = this.#verifiedMd5()
    if (sha256 !== undefined && this.#sha256.digest('hex') !== sha256)
      throw new S3Error('XAmzContentSHA256Mismatch')
    this.#outcome = { size: this.#size, md5, checksum: this.#verifiedChecksum() }
  }

  /** Known once all bytes have passed. */
  outcome(): Outcome {
    if (!this.#outcome) throw new Error('the bytes have not passed yet')
    return this.#outcome
  }

  #verifiedMd5(): string {
    const actual = this.#md5.digest()
    const { md5 } = this.#source
    if (md5 === undefined) return actual.toString('hex')

    const declared = Buffer.from(md5, 'base64')
    if (declared.length !== actual.length) throw new S3Error('InvalidDigest')
    if (declared.equals(actual)) return actual.toString('hex')
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
      ExpectedDigest: md5,
      CalculatedDigest: actual.toString('base64'),
    })
  }

  #verifiedChecksum(): Checksum {
    const value = this.#checksum.digest().toString('base64')
    const { checksum } = this.#source
    if (checksum) {
      const declared = checksum.value()
      if (declared === undefined) throw new S3Error('MalformedTrailerError')
      if (declared !== value) {
        const name = this.#algorithm.toUpperCase()
        throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
      }
    }
    return { algorithm: this.#algorithm, type: 'FULL_OBJECT', value }
  }
}

/** Bytes: the most that one PUT or one part may bring (S3 User Guide, "Amazon S3 multipart upload limits"). */
const largestUpload = 5 * 2 ** 30
