import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/shared/migrate.ts'
import { run as runProgram } from '../launch/children.ts'
import { startPostgres } from '../launch/postgres.ts'
import { root, shown } from '../stack/place.ts'
import { understand } from './arguments.ts'

const usage = `usage: npm run codegen [-- --check]
Writes the types of all tables to src/shared/schema.ts, from a throw-away database with every migration applied.
  --check  changes nothing and fails when the file is out of date`

const schema = path.join(root, 'src', 'shared', 'schema.ts')

/** Keeps the types of the tables true to the migrations. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, { usage, options: { check: { type: 'boolean', default: false } } })
  if ('exit' in understood) return understood.exit

  const directory = mkdtempSync(path.join(tmpdir(), 'millrace-codegen-'))
  try {
    const generated = path.join(directory, 'schema.ts')
    await withMigrated(path.join(directory, 'postgres'), (url) => generate(url, generated))
    const isNew = readFileSync(generated, 'utf8') !== readFileSync(schema, 'utf8')
    if (understood.values.check && isNew) {
      console.error(`${shown(schema)} does not say what the migrations make: npm run codegen`)
      return 1
    }
    if (isNew) copyFileSync(generated, schema)
    console.log(`${shown(schema)} ${isNew ? 'is written anew' : 'is up to date'}`)
    return 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function withMigrated(directory: string, work: (url: string) => Promise<void>): Promise<void> {
  const postgres = await startPostgres({ directory, fsync: false })
  try {
    const admin = new pg.Client({ connectionString: postgres.url('postgres') })
    await admin.connect()
    await admin.query('create database codegen')
    await admin.end()
    await migrate(postgres.url('codegen'))
    await work(postgres.url('codegen'))
  } finally {
    await postgres.stop()
  }
}

/** The schema `public` holds the bookkeeping of the migrations alone. */
async function generate(url: string, file: string): Promise<void> {
  const program = path.join(root, 'node_modules', '.bin', 'kysely-codegen')
  const options = ['--dialect', 'postgres', '--url', url, '--out-file', file, '--exclude-pattern', 'public.*']
  await runProgram({ file: process.execPath, args: [program, ...options] })
}
