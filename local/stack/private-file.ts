import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readWholeJson } from '../launch/damage.ts'

/** Writes a file that only its owner may read: whole or not at all, whatever happens in between. */
export function writePrivateFile(file: string, content: unknown): void {
  const unfinished = `${file}.new`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  chmodSync(unfinished, 0o600) // the umask may have taken more
  renameSync(unfinished, file)
}

/** Makes a folder that only its owner may enter: what stores keep of people is nobody else's business. */
export function ensurePrivateFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o700)
  return folder
}

/** The content of such a file; undefined when there is none. Throws `Plain` when it is damaged. */
export function readPrivateFile(file: string): unknown {
  try {
    return readWholeJson(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
