import { createHash } from 'node:crypto'
import { openSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Received } from './body.ts'
import type { Checksum } from './checksums.ts'
import { filesBelow, randomName, readJson, type Disk } from './disk.ts'
import { S3Error } from './errors.ts'
import { Uploads } from './uploads.ts'
import { compareUtf8 } from './utf8-order.ts'

/** What is known of an object. */
export interface StoredObject {
  key: string
  size: number
  /** Without its quotes. */
  etag: string
  checksum: Checksum
  /** ISO 8601 */
  lastModified: string
  /** Sent with every answer that carries the object. */
  headers: Record<string, string>
  tags: Tag[]
  /** The name of the file that holds the bytes. It is never used for other bytes. */
  body: string
}

/** What a writer says of a new object; the rest is found out. */
export interface NewObject {
  etag: string
  headers: Record<string, string>
  tags: Tag[]
  checksum?: Checksum
}

export interface Tag {
  key: string
  value: string
}

export interface BucketRecord {
  name: string
  /** ISO 8601 */
  createdAt: string
  /** The documents that were put, as they were put. */
  settings: Partial<Record<SettingName, string>>
}

export type SettingName =
  | 'cors'
  | 'encryption'
  | 'lifecycle'
  | 'notification'
  | 'publicAccessBlock'
  | 'tagging'

/** One bucket on disk. Everything but the transfer of bytes happens at once, in one turn of the event loop. */
export class Bucket {
  readonly uploads: Uploads
  readonly #disk: Disk
  readonly #folder: string
  readonly #objects = new Map<string, StoredObject>()
  #record: BucketRecord
  #sortedKeys: string[] | undefined
  #closed = false

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.#record = readJson(this.#recordFile()) as BucketRecord
    this.uploads = new Uploads(disk, path.join(folder, 'uploads'))
    for (const file of filesBelow(path.join(folder, 'objects'))) {
      const object = readJson(file) as StoredObject
      this.#objects.set(object.key, object)
    }
    this.#removeUnownedBodies()
  }

  get name(): string {
    return this.#record.name
  }

  get createdAt(): string {
    return this.#record.createdAt
  }

  setting(name: SettingName): string | undefined {
    return this.#record.settings[name]
  }

  changeSetting(name: SettingName, document: string | undefined): void {
    const settings = { ...this.#record.settings }
    if (document === undefined) delete settings[name]
    else settings[name] = document
    const record = { ...this.#record, settings }
    this.#assertOpen()
    this.#disk.writeJson(this.#recordFile(), record)
    this.#record = record
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key)
  }

  /** @throws NoSuchKey */
  get(key: string): StoredObject {
    const object = this.#objects.get(key)
    if (!object) throw new S3Error('NoSuchKey', undefined, { Key: key })
    return object
  }

  /** In the order of their UTF-8 bytes, which is the order of every listing. */
  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareUtf8)
    return this.#sortedKeys
  }

  /** The received bytes become the object of that name, in place of any other. @throws NoSuchBucket */
  put(key: string, received: Received, { etag, headers, tags, checksum }: NewObject): StoredObject {
    this.#assertOpen()
    const object: StoredObject = {
      key,
      size: received.size,
      etag,
      checksum: checksum ?? received.checksum,
      lastModified: new Date().toISOString(),
      headers,
      tags,
      body: randomName(),
    }
    this.#disk.move(received.file.path, this.#bodyFile(object))
    this.#replace(object)
    return object
  }

  changeTags(key: string, tags: Tag[]): void {
    this.#assertOpen()
    const object = { ...this.get(key), tags }
    this.#disk.writeJson(this.#objectFile(key), object)
    this.#objects.set(key, object)
  }

  /** @returns whether there was one. */
  remove(key: string): boolean {
    const object = this.#objects.get(key)
    if (!object) return false

    rmSync(this.#objectFile(key))
    this.#objects.delete(key)
    this.#sortedKeys = undefined
    rmSync(this.#bodyFile(object))
    return true
  }

  /** A descriptor of the object's bytes. They stay readable through it even when the object is replaced or removed. */
  openBody(object: StoredObject): number {
    return openSync(this.#bodyFile(object), 'r')
  }

  /** Nothing can be written any more: the bucket is being removed. */
  close(): void {
    this.#closed = true
    this.uploads.close()
  }

  #replace(object: StoredObject): void {
    const former = this.#objects.get(object.key)
    try {
      this.#disk.writeJson(this.#objectFile(object.key), object)
    } catch (error) {
      rmSync(this.#bodyFile(object), { force: true })
      throw error
    }
    this.#objects.set(object.key, object)
    if (former) rmSync(this.#bodyFile(former))
    else this.#sortedKeys = undefined
  }

  #assertOpen(): void {
    if (this.#closed) throw new S3Error('NoSuchBucket', undefined, { BucketName: this.name })
  }

  /** A process that died between two steps may leave a body that belongs to no object. */
  #removeUnownedBodies(): void {
    const owned = new Set([...this.#objects.values()].map((object) => object.body))
    for (const file of filesBelow(path.join(this.#folder, 'bodies'))) {
      if (!owned.has(path.basename(file))) rmSync(file)
    }
  }

  #recordFile(): string {
    return path.join(this.#folder, 'bucket.json')
  }

  /** A digest stands for the key: any key at all, of any length, has a plain file name of its own. */
  #objectFile(key: string): string {
    const name = createHash('sha256').update(key).digest('hex')
    return path.join(this.#folder, 'objects', name.slice(0, 2), `${name}.json`)
  }

  #bodyFile({ body }: StoredObject): string {
    return path.join(this.#folder, 'bodies', body.slice(0, 2), body)
  }
}
