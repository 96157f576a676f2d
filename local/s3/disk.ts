import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'

/** A file on its way: it is moved to where it belongs, or discarded. */
export interface IncomingFile {
  path: string
  /** Removes it; nothing happens if it has been moved. */
  discard(): Promise<void>
}

/**
 * Files that appear whole or not at all: each is written in `incoming/` and moved into place by a rename, on the same
 * file system. What a former run left in `incoming/` was never part of anything, and goes when the disk is opened.
 * Survives the death of the process, not a power cut: nothing is fsynced.
 */
export class Disk {
  readonly root: string
  readonly #incoming: string

  constructor(root: string) {
    this.root = root
    this.#incoming = path.join(root, 'incoming')
    rmSync(this.#incoming, { recursive: true, force: true })
    mkdirSync(this.#incoming, { recursive: true })
  }

  /** Writes a stream of any length. When the stream fails, the file is gone before the error is passed on. */
  async save(chunks: AsyncIterable<Uint8Array>): Promise<IncomingFile> {
    const file = this.#newPath()
    try {
      // Opened before the first byte is awaited: an open still under way could outlive the removal.
      await using handle = await open(file, 'wx')
      for await (const chunk of chunks) await handle.writeFile(chunk)
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    return { path: file, discard: () => rm(file, { force: true }) }
  }

  /** Creates or replaces a small file. */
  writeJson(file: string, value: unknown): void {
    const incoming = this.#newPath()
    writeFileSync(incoming, JSON.stringify(value))
    this.move(incoming, file)
  }

  /** Moves a file or folder into place, with the folders that lead there. */
  move(from: string, to: string): void {
    mkdirSync(path.dirname(to), { recursive: true })
    renameSync(from, to)
  }

  /** A new folder in `incoming/`, to be filled and moved. */
  newFolder(): string {
    const folder = this.#newPath()
    mkdirSync(folder)
    return folder
  }

  /** Takes a folder away in one step, then deletes what was in it. */
  async removeFolder(folder: string): Promise<void> {
    const doomed = this.#newPath()
    renameSync(folder, doomed)
    await rm(doomed, { recursive: true, force: true })
  }

  #newPath(): string {
    return path.join(this.#incoming, randomName())
  }
}

export function randomName(): string {
  return randomBytes(16).toString('hex')
}

/** @throws when the file is missing or is not JSON: files appear whole, so that is damage. */
export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The paths of all files below a folder; none if there is no such folder. */
export function filesBelow(folder: string): string[] {
  return entriesOf(folder, { recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

/** The names of the folders in a folder; none if there is no such folder. */
export function foldersIn(folder: string): string[] {
  return entriesOf(folder, { recursive: false })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}

function entriesOf(folder: string, { recursive }: { recursive: boolean }) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive, withFileTypes: true })
}
