/** One S3 bucket, as the products use it. Etags are given without their quotes, as S3's events write them. */
export interface Bucket {
  readonly name: string
  /** An address to PUT an object of exactly this type to. */
  presignPut(upload: { key: string; contentType: string; seconds: number }): Promise<string>
  /** A form to POST an object of this type and at most this size with; an empty file is refused. */
  presignPost(upload: {
    key: string
    contentType: string
    maxBytes: number
    seconds: number
  }): Promise<{ url: string; fields: Record<string, string> }>
  /**
   * An address to GET an object from. With `fileName` browsers save it under that name instead of showing it, and it
   * comes as `contentType` (`application/octet-stream` unless told), whatever it was uploaded as.
   */
  presignGet(download: {
    key: string
    seconds: number
    fileName?: string
    contentType?: string
  }): Promise<string>
  /** Undefined when there is no such object. */
  head(
    key: string,
    signal?: AbortSignal,
  ): Promise<{ bytes: number; etag: string; contentType: string | undefined } | undefined>
  /**
   * Streams an object into a file, which is made readable for this user alone (or overwritten), and tells the digest and
   * the etag of exactly the bytes written. Undefined when there is no such object (any more). When it fails, the file is gone.
   * @throws TooLarge as soon as more than `maxBytes` are announced or have come
   */
  download(
    key: string,
    file: string,
    options: { maxBytes: number; signal?: AbortSignal },
  ): Promise<{ bytes: number; sha256: Buffer; etag: string } | undefined>
  /**
   * Writes a file that fits well into memory; S3 checks that what came is what was read here. With `ifAbsent` an object
   * that is there already stays as it is, and false is told.
   */
  upload(
    key: string,
    file: string,
    options: { contentType: string; cacheControl?: string; ifAbsent?: boolean; signal?: AbortSignal },
  ): Promise<boolean>
  /**
   * Copies an object inside the bucket, as long as it is the one with this etag and digest; it comes to be of this type,
   * with nothing else that was said of the first. False when it is another one by now, or gone, and then there is no copy.
   */
  copy(
    from: string,
    to: string,
    options: { etag: string; sha256: string; contentType: string; signal?: AbortSignal },
  ): Promise<boolean>
  /** The keys that begin with the prefix, up to 1,000 at a time, in the order of S3. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<string[]>
  /** One that is not there counts as removed. */
  remove(key: string, signal?: AbortSignal): Promise<void>
  /**
   * Removes every object below the prefix, any number of them, until a listing is empty; tells how many. The prefix ends
   * in a slash: `ada` would also empty what is Adam's.
   * @throws Trouble `objects-left` when some could not be removed, after all others were
   */
  removeAll(prefix: string, signal?: AbortSignal): Promise<number>
}

/** An object has more bytes than are wanted. */
export class TooLarge extends Error {
  override name = 'TooLarge'
  readonly maxBytes: number

  constructor(maxBytes: number) {
    super(`The object has more than ${maxBytes} bytes.`)
    this.maxBytes = maxBytes
  }
}
