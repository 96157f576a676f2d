import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../local/launch/postgres.ts'
import { findRedis } from '../../local/launch/redis.ts'
import { migrate } from '../../src/shared/migrate.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A Postgres with the database `template`, migrated; every world clones it. */
    postgresUrl: string
    redisProgram: Awaited<ReturnType<typeof findRedis>>
  }
}

/** Once per run: one Postgres for all worlds, and the Redis program each world starts for itself. */
export default async function setup(project: TestProject) {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-test-'))
  // Postgres gives up root, and must be able to reach its folder.
  await chmod(directory, 0o711)
  const redisProgram = await findRedis({
    cache: path.resolve('.local/redis'),
    say: (line) => process.stderr.write(`${line}\n`),
  })
  const postgres = await startPostgres({ directory: path.join(directory, 'postgres'), fsync: false })

  const admin = new pg.Client({ connectionString: postgres.url('postgres') })
  await admin.connect()
  await admin.query('create database template')
  await migrate(postgres.url('template'))
  await admin.query('alter database template with is_template true allow_connections false')
  await admin.end()

  project.provide('postgresUrl', postgres.url('postgres'))
  project.provide('redisProgram', redisProgram)

  return async () => {
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
