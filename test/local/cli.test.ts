import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const project = path.resolve(import.meta.dirname, '../..')
let copy: string

/** A project with the real door and one command of our own behind it. */
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'cli-'))
  mkdirSync(path.join(copy, 'local', 'commands'), { recursive: true })
  cpSync(path.join(project, 'local/cli.mjs'), path.join(copy, 'local/cli.mjs'))
  cpSync(path.join(project, 'local/launch/plain.ts'), path.join(copy, 'local/launch/plain.ts'))
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'))
  writeFileSync(path.join(copy, 'package.json'), '{ "type": "module" }')
  writeFileSync(path.join(copy, 'local/commands/demo.ts'), demo)
})
afterAll(() => rmSync(copy, { recursive: true }))

const demo = `
import { Plain } from '../launch/plain.ts'

export async function run([what]: string[]): Promise<number | void> {
  if (what === 'plain') throw new Plain('the port is taken')
  if (what === 'error') throw new Error('a fault of ours')
  if (what === 'seven') return 7
  if (what === 'version') return console.log(process.versions.node)
  let interrupts = 0
  const keepsRunning = setInterval(() => {}, 1000)
  process.on('SIGINT', () => {
    interrupts++
    setTimeout(() => clearInterval(keepsRunning), 300)
  })
  process.on('exit', () => console.log('interrupted', interrupts))
  console.log('ready')
}
`

function cli(...args: string[]) {
  return spawnSync(process.execPath, ['local/cli.mjs', ...args], { cwd: copy, encoding: 'utf8' })
}

test('an unknown command is answered with the list of those there are', () => {
  expect(cli('dance')).toMatchObject({
    status: 2,
    stderr:
      'there is no command "dance"; there are: demo, dev, start, token, migrate, provision, codegen, bench, stand-ins\n',
  })
  expect(cli().status).toBe(2)
})

test('a command whose file is missing is named in one line', () => {
  const { status, stderr } = cli('bench')

  expect(status).toBe(1)
  expect(stderr).toMatch(/^the command "bench" is not part of this copy: .*bench\.ts is missing\n$/)
})

test('an error meant for a person is printed without a stack, any other with its stack', () => {
  expect(cli('demo', 'plain')).toMatchObject({ status: 1, stderr: 'the port is taken\n', stdout: '' })
  expect(cli('demo', 'error')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('demo.ts:6') as string,
  })
})

test('the number that a command returns is the exit code', () => {
  expect(cli('demo', 'seven')).toMatchObject({ status: 7, stderr: '' })
  expect(cli('demo', 'version')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: `${process.versions.node}\n`,
  })
})

test('under a Node too old for TypeScript it runs under the one that npm brought', async ({ skip }) => {
  const old = findOldNode()
  if (!old) return skip('there is no old Node on this machine')

  const { status, stdout, stderr } = spawnSync(old, ['local/cli.mjs', 'demo', 'version'], {
    cwd: copy,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^24\./)
  expect(spawnSync(old, ['local/cli.mjs', 'demo', 'seven'], { cwd: copy }).status).toBe(7)

  const outer = spawn(old, ['local/cli.mjs', 'demo', 'wait'], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  outer.stdout.on('data', (data: Buffer) => (said += data.toString()))
  await once(outer.stdout, 'data')
  outer.kill('SIGINT')
  expect(await once(outer, 'close')).toEqual([0, null])
  expect(said).toBe('ready\ninterrupted 1\n')
})

function findOldNode(): string | undefined {
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'node'))
  return files.find((file) => {
    if (!existsSync(file)) return false
    const major = Number(/^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout)?.[1])
    return major >= 20 && major < 22
  })
}
