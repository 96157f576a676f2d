import { createReadStream, rmSync } from 'node:fs'
import path from 'node:path'
import type { Received } from './body.ts'
import type { Tag } from './bucket.ts'
import type { Checksum, ChecksumAlgorithm } from './checksums.ts'
import { filesBelow, foldersIn, randomName, readJson, type Disk } from './disk.ts'
import { S3Error } from './errors.ts'
import { compareUtf8 } from './utf8-order.ts'

/** A multipart upload that is neither completed nor aborted. */
export interface Upload {
  id: string
  key: string
  /** ISO 8601 */
  initiated: string
  headers: Record<string, string>
  tags: Tag[]
  checksum: { algorithm: ChecksumAlgorithm; type: Checksum['type']; declared: boolean }
  parts: Map<number, Part>
}

export interface Part {
  number: number
  size: number
  etag: string
  checksum: Checksum
  /** ISO 8601 */
  lastModified: string
  /** The name of the file that holds the bytes. */
  body: string
}

/** The unfinished uploads of one bucket: a folder each, with a small file per part beside its bytes. */
export class Uploads {
  readonly #disk: Disk
  readonly #folder: string
  readonly #uploads = new Map<string, Upload>()

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    for (const id of foldersIn(folder)) this.#uploads.set(id, this.#load(id))
  }

  begin(upload: Omit<Upload, 'id' | 'initiated' | 'parts'>): Upload {
    const begun: Upload = {
      ...upload,
      id: randomName(),
      initiated: new Date().toISOString(),
      parts: new Map(),
    }
    const { parts: _, ...record } = begun
    const folder = this.#disk.newFolder()
    this.#disk.writeJson(path.join(folder, 'upload.json'), record)
    this.#disk.move(folder, this.#file(begun))
    this.#uploads.set(begun.id, begun)
    return begun
  }

  /** @throws NoSuchUpload, also when the upload is for another key. */
  get(id: string, key: string): Upload {
    const upload = this.#uploads.get(id)
    if (upload?.key !== key) throw new S3Error('NoSuchUpload', undefined, { UploadId: id })
    return upload
  }

  /** By key, then by age. */
  all(): Upload[] {
    return [...this.#uploads.values()].sort(
      (one, other) => compareUtf8(one.key, other.key) || (one.initiated < other.initiated ? -1 : 1),
    )
  }

  /** The received bytes become the part of that number, in place of any other. @throws NoSuchUpload */
  putPart(upload: Upload, number: number, received: Received): Part {
    this.get(upload.id, upload.key) // it may have been completed or aborted while the bytes arrived
    const { size, md5, checksum } = received
    const lastModified = new Date().toISOString()
    const part: Part = { number, size, etag: md5, checksum, lastModified, body: `${randomName()}.part` }
    this.#disk.move(received.file.path, this.#file(upload, part.body))
    this.#disk.writeJson(this.#file(upload, `${number}.json`), part)
    const former = upload.parts.get(number)
    upload.parts.set(number, part)
    if (former) rmSync(this.#file(upload, former.body))
    return part
  }

  /** The bytes of the parts, one part after the other. */
  async *bytesOf(upload: Upload, parts: Part[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      yield* createReadStream(this.#file(upload, part.body)) as AsyncIterable<Buffer>
    }
  }

  /** From here on nobody else can find it. */
  take(upload: Upload): void {
    this.#uploads.delete(upload.id)
  }

  /** Undoes {@link take}. */
  giveBack(upload: Upload): void {
    this.#uploads.set(upload.id, upload)
  }

  /** The bucket is being removed, and the uploads with it. */
  close(): void {
    this.#uploads.clear()
  }

  /** Its parts are deleted. */
  async remove(upload: Upload): Promise<void> {
    this.#uploads.delete(upload.id)
    await this.#disk.removeFolder(this.#file(upload))
  }

  #load(id: string): Upload {
    const folder = path.join(this.#folder, id)
    const record = readJson(path.join(folder, 'upload.json')) as Omit<Upload, 'parts'>
    const parts = new Map<number, Part>()
    const files = filesBelow(folder)
    for (const file of files.filter((file) => /^\d+\.json$/.test(path.basename(file)))) {
      const part = readJson(file) as Part
      parts.set(part.number, part)
    }

    // A process that died between two steps may leave bytes that belong to no part.
    const owned = new Set([...parts.values()].map((part) => part.body))
    for (const file of files) if (file.endsWith('.part') && !owned.has(path.basename(file))) rmSync(file)
    return { ...record, parts }
  }

  #file({ id }: Upload, ...names: string[]): string {
    return path.join(this.#folder, id, ...names)
  }
}
