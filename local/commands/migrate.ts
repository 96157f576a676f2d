import { migrate } from '../../src/shared/migrate.ts'
import { Plain } from '../launch/plain.ts'
import { findPlace } from '../stack/place.ts'
import { readStackFile } from '../stack/stack-file.ts'
import { understand } from './arguments.ts'

const usage = `usage: npm run migrate
Brings the database of MIGRATION_DATABASE_URL or DATABASE_URL up to date, else the one of the running local stack.`

/** Applies what is new in migrations/. */
export async function run(args: string[]): Promise<number> {
  const understood = understand(args, { usage, options: {} })
  if ('exit' in understood) return understood.exit

  const applied = await migrate(findUrl(process.env))
  console.log(applied.length === 0 ? 'the database is up to date' : `applied ${applied.join(', ')}`)
  return 0
}

function findUrl(env: NodeJS.ProcessEnv): string {
  const given = env['MIGRATION_DATABASE_URL'] || env['DATABASE_URL']
  if (given) return given
  try {
    return readStackFile(findPlace(env)).postgres
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    throw new Plain(`${error.message}, or set DATABASE_URL`, { cause: error })
  }
}
