import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run } from './children.ts'

/**
 * Fetches the first of some Debian packages that exists, with whatever it needs that this system lacks, and
 * unpacks it all to a new folder of `cache`, whose name it returns. Works as any user and changes nothing on
 * the system: apt's lists and archives are private to the call, so calls at the same time don't meet.
 * Throws with apt's own words.
 */
export async function fetchPackages(names: string[], cache: string): Promise<string> {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(path.join(cache, 'fetching-'))
  try {
    const unpacked = path.join(work, 'unpacked')
    for (const file of await download(names, work)) {
      await run({ file: 'dpkg-deb', args: ['--extract', file, unpacked] })
    }
    // Only what is whole gets the name by which it is found again.
    const finished = path.join(cache, path.basename(work).replace('fetching-', 'redis-'))
    renameSync(unpacked, finished)
    return finished
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function download(names: string[], work: string): Promise<string[]> {
  const config = path.join(work, 'apt.conf')
  const archives = path.join(work, 'archives')
  writeFileSync(config, privateConfig(work, archives))
  for (const name of ['archives', 'lists']) mkdirSync(path.join(work, name, 'partial'), { recursive: true })
  const apt = (...args: string[]) => run({ file: 'apt-get', args: ['-c', config, '-qq', ...args] })

  const troubles: string[] = []
  const works = async (attempt: Promise<string>) => {
    try {
      await attempt
      return true
    } catch (error) {
      troubles.push((error as Error).message)
      return false
    }
  }
  // One package archive of several may be out of reach. What counts is whether the packages arrive.
  await works(apt('update'))
  for (const name of names) {
    if (!(await works(apt('install', '--yes', '--download-only', '--no-install-recommends', name)))) continue
    const files = readdirSync(archives).filter((file) => file.endsWith('.deb'))
    return files.map((file) => path.join(archives, file))
  }
  throw new Error(troubles.join('\n'))
}

/** See apt.conf(5). Read after the system's own configuration, so what stands here wins. */
function privateConfig(work: string, archives: string): string {
  return [
    `Dir::State::Lists "${path.join(work, 'lists')}";`,
    `Dir::Cache "${work}";`,
    `Dir::Cache::Archives "${archives}";`,
    'Debug::NoLocking "true";', // the system's locks are root's, and nothing of the system is touched
    'APT::Sandbox::User "root";', // don't change to the user _apt, who may not enter these folders
    '#clear APT::Update::Post-Invoke;', // hooks for whoever updates the system's lists
    '#clear APT::Update::Post-Invoke-Success;',
    'APT::Update::Error-Mode "any";', // say so when an archive is out of reach
    'Acquire::Languages "none";',
    'Acquire::Retries "1";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    '',
  ].join('\n')
}
