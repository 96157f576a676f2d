import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run, type User } from './children.ts'
import { Plain } from './plain.ts'

export interface ClusterOptions {
  data: string
  bin: string
  major: number
  user: User | undefined
  /** `false`: don't wait for the disk. */
  sync: boolean
}

/**
 * Creates the data directory of a Postgres, with the superuser `app`, unless it is there: whole, or not at
 * all, however this process ends. Throws `Plain` when it was made by another major version.
 */
export async function ensureCluster(options: ClusterOptions): Promise<void> {
  const { data, major } = options
  if (!existsSync(data)) return createCluster(options)

  const lost = ['PG_VERSION', passwordFile].find((name) => !existsSync(path.join(data, name)))
  if (lost) {
    throw new Plain(
      `${data} is no whole database any more, ${lost} is missing: remove it (its data are lost) or set DATABASE_URL`,
    )
  }
  const made = Number(readFileSync(path.join(data, 'PG_VERSION'), 'utf8'))
  if (made !== major) {
    throw new Plain(
      `${data} was made by Postgres ${made}, but here is Postgres ${major}: ` +
        `remove it (its data are lost) or set DATABASE_URL`,
    )
  }
}

/** Over TCP every user of this machine can knock, so the superuser has a password. It lies beside the data. */
export function readPassword(data: string): string {
  return readFileSync(path.join(data, passwordFile), 'utf8').trim()
}

const passwordFile = 'millrace-password'

async function createCluster({ data, bin, user, sync }: ClusterOptions): Promise<void> {
  const unfinished = `${data}.new`
  const password = `${data}.password`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(password, randomBytes(18).toString('base64url'), { mode: 0o600 })
  if (user) for (const name of [unfinished, password]) chownSync(name, user.uid, user.gid)

  const authentication = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${password}`]
  const args = ['-D', unfinished, '-U', 'app', '-E', 'UTF8', '--data-checksums', ...authentication]
  // The same order of words on every machine, whatever its C library thinks.
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions')
  if (!sync) args.push('--no-sync')
  await run({ file: path.join(bin, 'initdb'), args, env: { LC_ALL: 'C', TZ: 'UTC' }, as: user })

  renameSync(password, path.join(unfinished, passwordFile))
  renameSync(unfinished, data)
}
