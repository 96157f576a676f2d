import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { days } from './time.ts'

const PREFIX = 'millrace-scratch-'

/** A directory for strangers' files that only this user can look into and that goes away, whatever happens in it. */
export async function inScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await (swept ??= sweepScratch())
  const directory = await mkdtemp(path.join(tmpdir(), PREFIX))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Once in the life of a process. */
let swept: Promise<number> | undefined

/** Removes what processes that were killed have left behind, once it is a day old; tells how much there was. */
export async function sweepScratch(): Promise<number> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX))
  let removed = 0
  for (const name of names) {
    const directory = path.join(tmpdir(), name)
    const found = await stat(directory).catch(unlessGone)
    // What belongs to another user is not ours to remove.
    if (!found || found.uid !== process.getuid?.() || found.mtimeMs > Date.now() - days(1)) continue
    await rm(directory, { recursive: true, force: true })
    removed += 1
  }
  return removed
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
