import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { run } from './children.ts'
import { Plain } from './plain.ts'
import { fetchPackages } from './redis-fetch.ts'

/** A Redis server that runs on this machine, and the environment it needs for that. */
export interface RedisProgram {
  binary: string
  env: Record<string, string>
}

export interface FindRedisOptions {
  /** A folder for a privately fetched Redis; what lies there already is used again. */
  cache: string
  /** Told in one line when something has to be fetched. */
  say?: (line: string) => void
}

/**
 * Finds a `redis-server` or `valkey-server` on the PATH that runs, else one fetched earlier, else fetches one from the
 * system's package archive with `apt-get`: as any user, in about 2 s, and without installing anything.
 * Throws `Plain` when none of this works.
 */
export async function findRedis({ cache, say }: FindRedisOptions): Promise<RedisProgram> {
  const refusals: string[] = []
  for (const binary of names.flatMap(allOnPath)) {
    try {
      return await tried({ binary, env: {} })
    } catch (error) {
      const why = (error as Error).message.split('\n')[0]
      refusals.push(`${binary} does not run: ${why}`)
    }
  }
  for (const refusal of refusals) say?.(refusal)

  const folder = path.resolve(cache)
  const earlier = await fetchedEarlier(folder)
  if (earlier) return earlier

  if (!onPath('apt-get') || !onPath('dpkg-deb'))
    throw new Plain(`there is no Redis on this machine: ${advice}`)
  say?.('no Redis on this machine: fetching one with apt-get, for this project alone')
  try {
    return await tried(programIn(await fetchPackages(names, folder)))
  } catch (error) {
    const why = (error as Error).message
    throw new Plain(`there is no Redis on this machine and none could be fetched: ${advice}\n${why}`, {
      cause: error,
    })
  }
}

/** Both speak the same language; which of them a distribution has depends on its age. */
const names = ['redis-server', 'valkey-server']

const advice =
  'install one (apt install redis-server, brew install redis) or set REDIS_URL to one that runs elsewhere'

const onPath = (name: string): string | undefined => allOnPath(name)[0]

function allOnPath(name: string): string[] {
  const folders = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
  return folders.map((folder) => path.join(folder, name)).filter((file) => existsSync(file))
}

/** What was fetched once may not run for ever, because the system changes under it. */
async function fetchedEarlier(cache: string): Promise<RedisProgram | undefined> {
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('redis-')) : []
  for (const folder of folders.map((name) => path.join(cache, name))) {
    try {
      return await tried(programIn(folder))
    } catch (error) {
      console.error(`removing ${folder}, which does not run any more: ${(error as Error).message}`)
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return undefined
}

function programIn(folder: string): RedisProgram {
  const binary = names.map((name) => path.join(folder, 'usr', 'bin', name)).find((file) => existsSync(file))
  if (!binary) throw new Error(`${folder} has neither ${names.join(' nor ')}`)
  const libraries = ['usr/lib', 'lib'].flatMap((name) => {
    const parent = path.join(folder, name)
    // Debian keeps libraries by architecture: x86_64-linux-gnu, aarch64-linux-gnu.
    const children = existsSync(parent)
      ? readdirSync(parent).filter((child) => child.includes('-linux-'))
      : []
    return children.map((child) => path.join(parent, child))
  })
  return { binary, env: libraries.length > 0 ? { LD_LIBRARY_PATH: libraries.join(':') } : {} }
}

/** Returns the program when it says who it is, which takes no time; throws its own words otherwise. */
async function tried(program: RedisProgram): Promise<RedisProgram> {
  await run({ file: program.binary, args: ['--version'], env: program.env }, 10)
  return program
}
