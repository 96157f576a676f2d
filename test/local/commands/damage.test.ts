import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createState, type Ended, type State } from './states.ts'

const cli = path.resolve(import.meta.dirname, '../../../local/cli.mjs')
const token = ['token', '--app', 'anki', '--email', 'ada@example.org'] as const

test.for([
  ['secrets.json', '', ['demo', '--exit'], 'damaged'],
  ['run/web.pid', '{', ['demo', '--exit'], 'damaged'],
  ['lock', 'garbage, and enough of it', ['demo', '--exit'], 'remove it'],
  ['data/google/google.json', '{"port"', ['demo', '--exit'], 'damaged'],
  ['data/cognito/.cognito/db/us-east-1_1.json', '{"Users"', ['demo', '--exit'], 'damaged'],
  ['stack.json', '{', token, 'damaged'],
  ['stack.json/', '', token, 'is a folder'],
] as const)('%s that reads %j is one line that names it', async ([file, content, command, fault]) => {
  await using state = createState()
  const place = put(state, file, content)

  const ended = await state.run(command[0], ...command.slice(1))

  expectOneLine(ended)
  expect(ended.stderr).toContain(place.replace(/\/$/, ''))
  expect(ended.stderr).toContain(fault)
  expect(ended.stderr).toContain('remove it')
  expect(state.processes()).toEqual([])
})

test('a stack.json that names another program is that of a stack that was killed', async () => {
  await using state = createState()
  put(state, 'stack.json', JSON.stringify({ ready: true, pid: process.pid, birth: 'long ago' }))

  expect((await state.run(...token)).stderr).toMatch(/^the local stack was killed .*\n$/)
})

test('a file where the folder of the state is to be is one line that names it', async () => {
  await using state = createState()
  const place = state.env['MILLRACE_STATE'] ?? ''
  rmSync(place, { recursive: true })
  writeFileSync(place, '')

  const ended = await state.run('demo', '--exit')

  expectOneLine(ended)
  expect(ended.stderr).toContain(place)
})

test.for(['state', 'data', 'secrets.json', 'lock'])(
  '%s that is another user’s is one line that says whose',
  async (name, { skip }) => {
    if (process.getuid?.() !== 0) return skip('only root can be two users')
    await using state = createState()
    const place = state.env['MILLRACE_STATE'] ?? ''
    if (name !== 'state') chmodSync(place, 0o777)
    chmodSync(state.directory, 0o755)
    if (name === 'data') mkdirSync(path.join(place, name))
    else if (name !== 'state') chmodSync(put(state, name, name === 'lock' ? '' : '{}'), 0o600)

    const ended = await runAsNobody(state, 'demo', '--exit')

    expectOneLine(ended)
    expect(ended.stderr).toMatch(/root|as the user whose it is/)
    expect(ended.stderr).toContain(place)
  },
)

/** Puts something into the state; a name that ends with a slash is a folder. */
function put(state: State, name: string, content: string): string {
  const file = path.join(state.env['MILLRACE_STATE'] ?? '', name)
  mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true })
  if (!name.endsWith('/')) writeFileSync(file, content)
  return file
}

function expectOneLine({ code, stderr }: Ended): void {
  expect(stderr).toMatch(/^[^\n]+\n$/)
  expect(code).toBe(1)
}

async function runAsNobody(state: State, ...args: string[]): Promise<Ended> {
  const options = { uid: 65_534, gid: 65_534, cwd: '/', env: { PATH: process.env['PATH'], ...state.env } }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], options)
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as Ended
    return { code, stdout, stderr }
  }
}
