import { S3Error } from './errors.ts'

/**
 * Takes off the framing of `Content-Encoding: aws-chunked`: `<hex size>\r\n<bytes>\r\n…0\r\n<trailers>\r\n`. Yields the
 * content alone; the trailers are in the map once it has ended.
 * @throws IncompleteBody when the body ends early or its framing is broken.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = new Reader(source)
  try {
    for (let size = await reader.chunkSize(); size > 0; size = await reader.chunkSize()) {
      yield* reader.bytes(size)
      if ((await reader.line()) !== '') throw new S3Error('IncompleteBody')
    }

    for (let line = await reader.line(); line; line = await reader.line()) {
      const colon = line.indexOf(':')
      if (colon < 1) throw new S3Error('MalformedTrailerError')
      trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
    }
  } finally {
    await reader.close()
  }
}

class Reader {
  readonly #source: AsyncIterator<Buffer>
  #ahead: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async chunkSize(): Promise<number> {
    const line = await this.line()
    const [size = ''] = (line ?? '').split(';') // what follows a semicolon is an extension
    if (!/^[0-9a-f]{1,12}$/i.test(size)) throw new S3Error('IncompleteBody')
    return Number.parseInt(size, 16)
  }

  /** The next line without its end; `undefined` when the source has ended. */
  async line(): Promise<string | undefined> {
    let end = this.#ahead.indexOf('\r\n')
    while (end < 0) {
      if (this.#ahead.length > longestLine) throw new S3Error('IncompleteBody')
      if (!(await this.#more())) {
        if (this.#ahead.length > 0) throw new S3Error('IncompleteBody')
        return undefined
      }
      end = this.#ahead.indexOf('\r\n')
    }
    const line = this.#ahead.subarray(0, end).toString('latin1')
    this.#ahead = this.#ahead.subarray(end + 2)
    return line
  }

  async *bytes(count: number): AsyncGenerator<Buffer> {
    let missing = count
    while (missing > 0) {
      if (this.#ahead.length === 0 && !(await this.#more())) throw new S3Error('IncompleteBody')
      const piece = this.#ahead.subarray(0, missing)
      this.#ahead = this.#ahead.subarray(piece.length)
      missing -= piece.length
      if (piece.length > 0) yield piece
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done) return false
    this.#ahead = this.#ahead.length === 0 ? next.value : Buffer.concat([this.#ahead, next.value])
    return true
  }
}

/** Bytes. Chunk headers and trailers are far shorter. */
const longestLine = 16_384
