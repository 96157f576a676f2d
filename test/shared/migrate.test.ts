import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

const run = async (env: Record<string, string>) => {
  const child = startProcess('src/shared/migrate.ts', [], env)
  return { code: await child.exited, said: child.output() }
}

test.concurrent('a database is brought up to date once, with nothing but its address', async () => {
  await using database = await createDatabase()
  const first = await run({ DATABASE_URL: database.url })
  expect(first.said).toMatch(/^Applied 0001_ledger, /)
  expect(await run({ MIGRATION_DATABASE_URL: database.url })).toEqual({
    code: 0,
    said: 'The database is up to date.\n',
  })
})

test.concurrent('a database of a newer version is refused by name, and nothing in it is changed', async () => {
  await using database = await createDatabase()
  await run({ DATABASE_URL: database.url })
  await database.query(`
    insert into public.migrations (name, run_on) values ('9998_later', now()), ('9999_later_still', now());
    update public.repeatable_migrations set digest = 'newer'`)

  const { code, said } = await run({ DATABASE_URL: database.url })

  expect(code).toBe(1)
  expect(said).toMatch(/^[^\n]*newer[^\n]*9998_later, 9999_later_still[^\n]*\n$/)
  const digests = await database.query('select distinct digest from public.repeatable_migrations')
  expect(digests).toEqual([{ digest: 'newer' }])
})

test.concurrent('what is missing or malformed is said in a line each', async () => {
  expect(await run({})).toEqual({ code: 1, said: expect.stringMatching(/^DATABASE_URL is missing[^\n]*\n$/) })
  const { code, said } = await run({
    MIGRATION_DATABASE_URL: 'http://me:sekret@there',
    DATABASE_URL: 'sekret',
  })
  expect(code).toBe(1)
  expect(said).toMatch(/^MIGRATION_DATABASE_URL wants [^\n]*\n$/)
  expect(said).not.toContain('sekret')
})

test.concurrent('why a database cannot be migrated is said in one line, without its address', async () => {
  await using database = await createDatabase()
  const nobody = `nobody_${randomUUID().replaceAll('-', '')}`
  await database.query(`create role ${nobody} login password 'sekret'`)
  const urlWith = (change: (url: URL) => void): string => {
    const url = new URL(database.url)
    change(url)
    return url.href
  }
  const as = (password: string) =>
    urlWith((url) => {
      url.username = nobody
      url.password = password
    })

  const cases: [string, RegExp][] = [
    [urlWith((url) => (url.pathname = '/nowhere')), /no such database/],
    [urlWith((url) => (url.port = '1')), /does not answer.*ECONNREFUSED/],
    [as('sekret'), /lacks the rights.*permission denied/],
    [as('another'), /refuses the user or the password/],
  ]
  for (const [url, why] of cases) {
    const { code, said } = await run({ DATABASE_URL: url })
    expect(code, said).toBe(1)
    expect(said).toMatch(/^[^\n]*DATABASE_URL[^\n]*\n$/)
    expect(said).toMatch(why)
    expect(said).not.toMatch(/sekret|another|127\.0\.0\.1/)
  }
  await database.query(`drop role ${nobody}`)
})

interface Database extends AsyncDisposable {
  url: string
  query(text: string): Promise<object[]>
}

async function createDatabase(): Promise<Database> {
  const name = `migrate_${randomUUID().replaceAll('-', '')}`
  const url = new URL(inject('postgresUrl'))
  await query(url.href, `create database ${name}`)
  const admin = url.href
  url.pathname = name
  return {
    url: url.href,
    query: (text) => query(url.href, text),
    [Symbol.asyncDispose]: async () => {
      await query(admin, `drop database ${name} with (force)`)
    },
  }
}

async function query(url: string, text: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<object>(text)).rows
  } finally {
    await client.end()
  }
}
