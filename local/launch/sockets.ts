import { createHash } from 'node:crypto'
import { chownSync, constants, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { User } from './children.ts'
import { Plain } from './plain.ts'

/**
 * Makes a folder, open to `user` alone, for unix sockets whose names have at most 20 bytes, and returns where it is.
 */
export function socketFolder(wanted: string, user: User | undefined): string {
  const folder = socketPlace(wanted)
  const ourselves = process.getuid?.()

  mkdirSync(path.dirname(folder), { recursive: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 }) // recursive: it may be there; the mode is for it alone
  if (user && lstatSync(folder).uid === ourselves) chownSync(folder, user.uid, user.gid)
  const { uid, mode } = lstatSync(folder)
  const isDirectory = (mode & constants.S_IFMT) === constants.S_IFDIR
  if (!isDirectory || uid !== (user?.uid ?? ourselves) || (mode & 0o077) !== 0) {
    throw new Plain(`${folder} belongs to another user or is open to others: remove it`)
  }
  return folder
}

/**
 * Where that folder is: `wanted`, or a folder with a short name in the temporary directory where that would be too
 * long. A socket's whole path may have 107 bytes on Linux and 103 on macOS (`sun_path` in <sys/un.h>).
 */
export function socketPlace(wanted: string): string {
  const fits = Buffer.byteLength(wanted) + 1 + 20 <= 103
  return fits ? wanted : shortName(wanted)
}

/** Removes such a folder where it is one of the temporary directory. */
export function removeElsewhere(folder: string): void {
  if (path.basename(folder).startsWith(prefix)) rmSync(folder, { recursive: true, force: true })
}

const prefix = 'millrace-'

function shortName(wanted: string): string {
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const temporary = Buffer.byteLength(tmpdir()) > 60 ? '/tmp' : tmpdir()
  return path.join(temporary, `${prefix}${hash}`)
}
