import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

/** Runs a few lines that log, in a process of their own, and returns what it wrote. */
async function logged(lines: string): Promise<Record<string, unknown>[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-log-'))
  const file = path.join(directory, 'logs.ts')
  await writeFile(
    file,
    `import { createLog } from '${path.resolve('src/shared/log.ts')}'\nconst log = createLog({ level: 'info', process: 'test' })\n${lines}`,
  )
  const child = startProcess(file, [], {})
  expect(await child.exited, child.output()).toBe(0)
  await rm(directory, { recursive: true })
  return child
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('what could be personal or secret is censored, two levels deep, and what was logged is not changed', async () => {
  const lines = await logged(`
    const user = { email: 'ada@example.org', id: 7, account: { password: 'secret', 'x-millrace-key': 'key' } }
    log.info({ user, token: 'abc', job: 'anki.initiate-user' }, 'first')
    log.info({ same: user.email.length, sig: undefined }, 'second')`)

  expect(lines[0]).toMatchObject({
    job: 'anki.initiate-user',
    token: '[redacted]',
    user: { email: '[redacted]', id: 7, account: { password: '[redacted]', 'x-millrace-key': '[redacted]' } },
  })
  expect(lines[1]).toMatchObject({ same: 15 })
})

test('of an error its kind, code and place are written, never its message', async () => {
  const lines = await logged(`
    const cause = Object.assign(new TypeError('Grace at grace@example.org'), { code: 'E42' })
    log.warn({ err: new Error('Ada at ada@example.org', { cause }) }, 'went wrong')`)

  expect(lines[0]).toMatchObject({
    msg: 'went wrong',
    err: { type: 'Error', cause: { type: 'TypeError', code: 'E42' } },
  })
  expect(JSON.stringify(lines)).not.toContain('example.org')
})

test('lines that wait in memory are written when the process ends', async () => {
  const lines = await logged(`for (let index = 0; index < 300; index += 1) log.info({ index }, 'line')`)

  expect(lines.map((line) => line['index'])).toEqual(Array.from({ length: 300 }, (_, index) => index))
})
