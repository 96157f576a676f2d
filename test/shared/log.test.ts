import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
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

test('whatever is called like something personal or secret is censored', async () => {
  const names = ['authorization', 'cookie', 'password', 'token', 'secret', 'email', 'username', 'fullName']
  const all = [...names, 'data', 'result', 'body', 'sig', 'x-millrace-key']
  const [line] = await logged(`
    log.info(Object.fromEntries(${JSON.stringify(all)}.map((name) => [name, 'Ada'])), 'all')`)

  expect(line).toMatchObject(Object.fromEntries(all.map((name) => [name, '[redacted]'])))
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

test('lines that wait in memory are written when the process ends, in order', async () => {
  const lines = await logged(`
    for (let index = 0; index < 300; index += 1) log.info({ index, name: 'Phở' }, 'line')
    setTimeout(() => {
      for (let index = 300; index < 2000; index += 1) log.info({ index, name: '中文' }, 'line')
    }, 300)`)

  expect(lines.map((line) => line['index'])).toEqual(Array.from({ length: 2000 }, (_, index) => index))
})

test('a process whose reader is gone goes on, and ends when it is told to', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-log-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'logs.ts')
  await writeFile(
    file,
    `import { createLog } from '${path.resolve('src/shared/log.ts')}'
    const log = createLog({ level: 'info', process: 'test' })
    let index = 0
    setInterval(() => { log.info({ index: (index += 1), text: 'x'.repeat(5000) }, 'line'); if (index === 200) process.send?.('on') }, 1)
    process.on('SIGTERM', () => { log.info('last words'); process.exit(0) })`,
  )
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout?.once('data', () => child.stdout?.destroy())

  await once(child, 'message')
  child.kill('SIGTERM')

  // It ends by itself, and by its code says that its last words were not heard.
  expect(await once(child, 'exit')).toEqual([1, null])
})

/** A process that logs 3,000 long lines at once, says so, and one line a moment after that. */
async function talker() {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-log-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'logs.ts')
  await writeFile(
    file,
    `import { createLog } from '${path.resolve('src/shared/log.ts')}'
    const log = createLog({ level: 'info', process: 'test' })
    for (let index = 0; index < 3000; index += 1) log.info({ index, text: 'x'.repeat(5000) }, 'long')
    let index = 0
    setInterval(() => log.info({ index: (index += 1) }, 'short'), 5)
    setTimeout(() => process.send?.('on'), 300)
    process.on('SIGTERM', () => { log.info('last words'); process.exit(0) })`,
  )
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

test('a process whose reader stands still ends when it is told to', async () => {
  const child = await talker()
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([1, null])
})

test('lines that do not fit any more while nobody reads are counted, and the rest comes whole', async () => {
  const child = await talker()
  const seen: { msg: string; index: number; dropped?: number }[] = []
  const reading = createInterface({ input: child.stdout as Readable })
  for await (const line of reading) {
    seen.push(JSON.parse(line))
    // What is written after the count shows that it goes on.
    if (seen.at(-2)?.dropped !== undefined) break
  }
  const long = seen.filter(({ msg }) => msg === 'long').map(({ index }) => index)
  const lost = seen.at(-2)?.dropped ?? 0
  const [next] = seen.slice(-1)

  expect(long).toEqual(Array.from(long, (_, index) => index))
  expect(long.length).toBeGreaterThan(1000)
  // Those that came too late, and the short ones of the time until there was room.
  expect(lost).toBe(3000 - long.length + (next?.index ?? 0) - 1)
})
