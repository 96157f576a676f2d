/** One S3 bucket, as the products use it. */
export interface Bucket {
  readonly name: string
  /** An address to PUT an object of exactly this type to. */
  presignPut(upload: { key: string; contentType: string; seconds: number }): Promise<string>
  /** A form to POST an object of this type and at most this size with. */
  presignPost(upload: {
    key: string
    contentType: string
    maxBytes: number
    seconds: number
  }): Promise<{ url: string; fields: Record<string, string> }>
  /** An address to GET an object from; with `fileName` browsers save it under that name instead of showing it. */
  presignGet(download: { key: string; seconds: number; fileName?: string }): Promise<string>
  /** Undefined when there is no such object. */
  head(
    key: string,
    signal?: AbortSignal,
  ): Promise<{ bytes: number; etag: string; contentType: string | undefined } | undefined>
  /**
   * Streams an object into a file and tells its digest. Undefined when there is no such object (any more).
   * @throws TooLarge as soon as more than `maxBytes` have come; the file is then to be thrown away.
   */
  download(
    key: string,
    file: string,
    options: { maxBytes: number; signal?: AbortSignal },
  ): Promise<{ bytes: number; sha256: Buffer; etag: string } | undefined>
  /** One that is not there counts as removed. */
  remove(key: string, signal?: AbortSignal): Promise<void>
  /** Removes every object whose key begins with the prefix, any number of them, until a listing is empty; tells how many. */
  removeAll(prefix: string, signal?: AbortSignal): Promise<number>
}
