import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { createState } from './states.ts'

test('migrate brings the database that the environment names up to date, once', async () => {
  const name = `migrate_${randomUUID().replaceAll('-', '')}`
  await command(`create database ${name}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = name
  await using state = createState({ DATABASE_URL: url.href })

  const first = await state.run('migrate')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(/^applied 0001_ledger, /)
  expect((await state.run('migrate')).stdout).toBe('the database is up to date\n')

  await command(`drop database ${name}`)
})

test('migrate without any database says what to do', async () => {
  await using state = createState()
  const { code, stderr } = await state.run('migrate')
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'the local stack does not run: start it with npm run dev or npm run demo, or set DATABASE_URL\n',
  })
})

test('the types of the tables are what the migrations make', async () => {
  await using state = createState()
  expect(await state.run('codegen', '--check')).toEqual({
    code: 0,
    stdout: 'src/shared/schema.ts is up to date\n',
    stderr: '',
  })
})

async function command(text: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') })
  await admin.connect()
  await admin.query(text)
  await admin.end()
}
