import path from 'node:path'
import { Bucket, type BucketRecord } from './bucket.ts'
import { Disk, foldersIn } from './disk.ts'
import { S3Error } from './errors.ts'

/**
 * All buckets, kept below one folder:
 *
 *     incoming/                       what is still arriving
 *     buckets/<name>/bucket.json      when it was made, its settings
 *                    objects/         one small file per key: what is known of it, and which body is its own
 *                    bodies/          the bytes
 *                    uploads/         multipart uploads that are not completed
 *
 * No name that a client chose becomes a file name, except that of a bucket, which is checked. The small files are also
 * held in memory, so finding, replacing and removing an object are single steps that no other request can divide. One
 * process per folder.
 */
export class Store {
  readonly disk: Disk
  readonly #buckets = new Map<string, Bucket>()

  constructor(directory: string) {
    this.disk = new Disk(path.resolve(directory))
    for (const name of foldersIn(this.#folder())) {
      this.#buckets.set(name, new Bucket(this.disk, this.#folder(name)))
    }
  }

  /** @throws NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (!bucket) throw new S3Error('NoSuchBucket', undefined, { BucketName: name })
    return bucket
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)
  }

  /** By name. */
  buckets(): Bucket[] {
    return [...this.#buckets.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** @throws InvalidBucketName, BucketAlreadyOwnedByYou */
  createBucket(record: BucketRecord): Bucket {
    const { name } = record
    if (!isBucketName(name)) throw new S3Error('InvalidBucketName', undefined, { BucketName: name })
    if (this.#buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: name })

    const folder = this.disk.newFolder()
    this.disk.writeJson(path.join(folder, 'bucket.json'), record)
    this.disk.move(folder, this.#folder(name))
    const bucket = new Bucket(this.disk, this.#folder(name))
    this.#buckets.set(name, bucket)
    return bucket
  }

  /** Unfinished uploads go with it. @throws BucketNotEmpty */
  async removeBucket(name: string): Promise<void> {
    const bucket = this.bucket(name)
    if (bucket.keys().length > 0) throw new S3Error('BucketNotEmpty', undefined, { BucketName: name })
    bucket.close()
    this.#buckets.delete(name)
    await this.disk.removeFolder(this.#folder(name))
  }

  #folder(name = ''): string {
    return path.join(this.disk.root, 'buckets', name)
  }
}

/** S3 User Guide, "General purpose bucket naming rules". */
function isBucketName(name: string): boolean {
  const looksLikeAnAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name)
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !looksLikeAnAddress
}
