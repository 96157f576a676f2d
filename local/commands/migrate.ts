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

  const { url, variable } = findDatabase(process.env)
  const applied = await migrate(url, variable)
  console.log(applied.length === 0 ? 'the database is up to date' : `applied ${applied.join(', ')}`)
  return 0
}

function findDatabase(env: NodeJS.ProcessEnv): { url: string; variable: string } {
  for (const variable of ['MIGRATION_DATABASE_URL', 'DATABASE_URL']) {
    const url = env[variable]
    if (url) return { url, variable }
  }
  try {
    return { url: readStackFile(findPlace(env)).postgres, variable: 'the local stack' }
  } catch (error) {
    if (!(error instanceof Plain)) throw error
    throw new Plain(`${error.message}, or set DATABASE_URL`, { cause: error })
  }
}
