import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run, type User } from './children.ts'
import { isRunning } from './leftovers.ts'
import { Plain } from './plain.ts'

/** Whom a Postgres runs as: it refuses root, who steps down; an ordinary user stays who he is. */
export async function findUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const user = idsOf('postgres') ?? idsOf('nobody')
  try {
    if (!user) throw new Error('there is no user postgres and no user nobody')
    await run({ file: 'true', args: [], as: user })
    return user
  } catch (error) {
    const why = (error as Error).message
    throw new Plain(
      `Postgres refuses to run as root and root can't become another user here (${why}): ` +
        'run as an ordinary user or set DATABASE_URL',
      { cause: error },
    )
  }
}

/**
 * Where the data, the socket and copied binaries of a Postgres live: in `directory`, unless `user` can't get
 * there because it lies below a closed one, such as root's home. Then it is a folder of /var/tmp, and the
 * link `elsewhere` in `directory` points to it. When the link is gone, so is the claim to the data.
 */
export async function findBase(directory: string, user: User | undefined): Promise<string> {
  if (!user || (await canEnter(user, directory))) return directory
  removeOrphans()

  const link = path.join(realpathSync(directory), 'elsewhere')
  const hash = createHash('sha256').update(link).digest('hex').slice(0, 12)
  const base = path.join(commonGround, `${prefix}${hash}`)
  const known = lstatSync(link, { throwIfNoEntry: false }) !== undefined
  if (!known) symlinkSync(base, link)

  mkdirSync(base, { recursive: true, mode: 0o711 })
  refuseUnlessOurs(base)
  chmodSync(base, 0o711) // whatever the umask
  if (!known) rmSync(path.join(base, 'data'), { recursive: true, force: true })
  writeFileSync(path.join(base, ownerFile), link)
  return base
}

const commonGround = '/var/tmp'
const prefix = 'millrace-postgres-'
const ownerFile = 'belongs-to'

function idsOf(name: string): User | undefined {
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n')
  const fields = passwd.find((line) => line.startsWith(`${name}:`))?.split(':')
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) }
}

async function canEnter(user: User, directory: string): Promise<boolean> {
  // `cd` needs what Postgres needs: the right to pass through every folder on the way.
  const answer = await run({
    file: 'sh',
    args: ['-c', 'cd "$1" && echo yes || true', 'sh', directory],
    as: user,
  })
  return answer.trim() === 'yes'
}

/** Removes what belonged to directories that are gone, test directories for example. */
function removeOrphans(): void {
  for (const name of readdirSync(commonGround).filter((name) => name.startsWith(prefix))) {
    const base = path.join(commonGround, name)
    try {
      if (!isOrphan(base)) continue
      const doomed = `${base}.${process.pid}`
      renameSync(base, doomed)
      rmSync(doomed, { recursive: true, force: true })
    } catch (error) {
      // Another start, at the same time, was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

function isOrphan(base: string): boolean {
  const owner = path.join(base, ownerFile)
  if (lstatSync(base).uid !== 0 || !existsSync(owner)) return false
  const link = readFileSync(owner, 'utf8')
  const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
  const isWanted = isLink && readlinkSync(link) === base
  return !isWanted && !isInUse(path.join(base, 'data'))
}

function isInUse(data: string): boolean {
  const file = path.join(data, 'postmaster.pid')
  return existsSync(file) && isRunning(Number.parseInt(readFileSync(file, 'utf8'), 10))
}

/** Everybody may write to /var/tmp: somebody else could have made the folder first, to read along. */
function refuseUnlessOurs(folder: string): void {
  const found = lstatSync(folder)
  const othersMayWrite = (found.mode & 0o022) !== 0
  if (!found.isDirectory() || found.uid !== 0 || othersMayWrite) {
    throw new Plain(`${folder} was made by somebody else: remove it, or set DATABASE_URL`)
  }
}
