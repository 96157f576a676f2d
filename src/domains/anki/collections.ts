import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, rename, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { StorageTrouble, systemCode } from './storage-trouble.ts'
import { assertCanonical } from './user-id.ts'

/**
 * The directories the sync server keeps its users' collections in: `<base>/<user id>`, each of mode 2775 and of the
 * configured group, because the sync server runs as another user of that group and what it makes in there must stay
 * in it. A directory that is already there is left as it is, whatever its mode, group and contents.
 *
 * Calls for the same user must not overlap; whoever calls holds the user (`holdUser`).
 */
export interface Collections {
  /**
   * Makes the user's directory if it is missing. It appears under its name only when mode and group are right.
   * @throws StorageTrouble when something else has its name, or the disk refuses.
   */
  ensure(uuid: string): Promise<void>
  /** Whether the user's directory exists; a file or a symbolic link does not count. */
  exists(uuid: string): Promise<boolean>
  /**
   * Takes the user's directory back: only if it looks exactly as one made here (mode and group) and there is nothing
   * in it. Anything else stays, and so nothing is lost that the next `ensure` would not make again.
   */
  discardIfEmpty(uuid: string): Promise<void>
  /** Where the directory is. For operators and tests; never part of an answer to a user. */
  path(uuid: string): string
}

const MODE = 0o2775

/**
 * @param options.base is made when first needed and missing, with the same mode and group; missing parents of it get
 * what the umask leaves of 777.
 * @param options.gid the group to give to what is made here; without it the group stays what the system gives.
 */
export function openCollections(options: { base: string; gid: number | undefined }): Collections {
  const base = path.resolve(options.base)
  const inBase = (prefix: string, uuid: string): string => {
    assertCanonical(uuid)
    return path.join(base, prefix + uuid)
  }
  const placeOf = (uuid: string): string => inBase('', uuid)
  // The sync server knows no user of this name, so that a half-made directory is nobody's collection.
  const unfinishedOf = (uuid: string): string => inBase('.new-', uuid)

  const makeUnfinished = async (unfinished: string): Promise<void> => {
    // What a crashed process left behind may have the wrong mode; it is empty, or else it is not ours.
    await removeIfEmpty(unfinished)
    if (!(await makeIn(base, unfinished))) {
      if ((await mkdir(base, { recursive: true })) !== undefined) await settle(base, options.gid)
      await mkdir(unfinished, 0o700)
    }
    await settle(unfinished, options.gid)
  }

  return {
    path: placeOf,
    exists: (uuid) => troubled(async () => (await look(placeOf(uuid)))?.isDirectory() ?? false),

    ensure: (uuid) =>
      troubled(async () => {
        const place = placeOf(uuid)
        if (await isThere(place)) return
        const unfinished = unfinishedOf(uuid)
        await makeUnfinished(unfinished)
        try {
          await rename(unfinished, place)
        } catch (error) {
          // The sync server may have been faster by a moment; its directory stands.
          await removeIfEmpty(unfinished)
          if (!(await isThere(place))) throw error
        }
      }),

    discardIfEmpty: (uuid) =>
      troubled(async () => {
        await removeIfEmpty(unfinishedOf(uuid))
        const place = placeOf(uuid)
        const found = await look(place)
        if (found && looksLikeOurs(found, options.gid)) await removeIfEmpty(place)
      }),
  }
}

async function isThere(place: string): Promise<boolean> {
  const found = await look(place)
  if (found && !found.isDirectory())
    throw new StorageTrouble(
      'collection-in-the-way',
      'Something that is not a directory has the name of the collection.',
    )
  return found !== undefined
}

async function look(place: string): Promise<Stats | undefined> {
  try {
    return await lstat(place)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a directory nobody else may enter yet; false when the base is missing. */
async function makeIn(base: string, directory: string): Promise<boolean> {
  try {
    await mkdir(directory, 0o700)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && !(await look(base))) return false
    throw error
  }
}

/**
 * Gives a directory made here its group and mode. Through an open handle, since others of the group may write to the
 * base and could put a symbolic link in its place.
 */
async function settle(directory: string, gid: number | undefined): Promise<void> {
  await using handle = await open(
    directory,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  )
  const { uid } = await handle.stat()
  if (gid !== undefined) await handle.chown(uid, gid)
  await handle.chmod(MODE)
  // The system drops the setgid bit without a word when the process is not in the directory's group.
  if (!looksLikeOurs(await handle.stat(), gid))
    throw new StorageTrouble(
      'collections-not-permitted',
      'The system did not keep the mode or group of the collection: the process must belong to its group.',
    )
}

function looksLikeOurs(found: Stats, gid: number | undefined): boolean {
  return found.isDirectory() && (found.mode & 0o7777) === MODE && (gid === undefined || found.gid === gid)
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error
  }
}

/** Says in our own words what the disk refused; the system's words would name the path. */
async function troubled<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StorageTrouble) throw error
    const code = systemCode(error) ?? ''
    if (['EPERM', 'EACCES', 'EROFS'].includes(code))
      throw new StorageTrouble(
        'collections-not-permitted',
        `The collections may not be changed by this process (${code}).`,
        {
          cause: error,
        },
      )
    if (['ENOSPC', 'EDQUOT', 'EMLINK'].includes(code))
      throw new StorageTrouble('collections-full', `There is no room for another collection (${code}).`, {
        cause: error,
      })
    throw new StorageTrouble(
      'collections-unavailable',
      `The collections could not be reached (${code || 'no code'}).`,
      {
        cause: error,
      },
    )
  }
}
