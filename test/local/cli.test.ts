import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { isRunning } from '../../local/launch/leftovers.ts'

const project = path.resolve(import.meta.dirname, '../..')
let copy: string

/** A project with the real door and one command of our own behind it. */
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'cli-'))
  mkdirSync(path.join(copy, 'local', 'commands'), { recursive: true })
  cpSync(path.join(project, 'local/cli.mjs'), path.join(copy, 'local/cli.mjs'))
  for (const name of ['plain', 'damage'])
    cpSync(path.join(project, `local/launch/${name}.ts`), path.join(copy, `local/launch/${name}.ts`))
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'))
  const manifest = readFileSync(path.join(project, 'package.json'), 'utf8')
  const { scripts } = JSON.parse(manifest) as { scripts: object }
  writeFileSync(path.join(copy, 'package.json'), JSON.stringify({ type: 'module', scripts }))
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
  if (what === 'stay') {
    setInterval(() => {}, 1000)
    process.once('SIGTERM', () => {
      console.log('told to end')
      process.exit(0)
    })
    return new Promise(() => console.log(process.pid))
  }
  if (what === 'outlive') {
    const starter = process.ppid
    console.log('ready')
    while (process.ppid === starter) await new Promise((resolve) => setTimeout(resolve, 20))
    setTimeout(() => console.log('still here'), 1500)
    return new Promise(() => setTimeout(() => process.exit(0), 2000))
  }
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

test.for([
  ['SIGTERM', 'the Node of this test'],
  ['SIGKILL', 'the Node of this test'],
  ['SIGTERM', 'an old Node'],
  ['SIGKILL', 'an old Node'],
] as const)('npm ended by %s takes it along, under %s', async ([signal, which], { skip }) => {
  const node = which === 'an old Node' ? findOldNode() : process.execPath
  if (!node) return skip('there is no old Node on this machine')
  const npm = npmUnder(node, 'run', '-s', 'demo', '--', 'stay')
  const pid = Number(await npm.nextLine())
  onTestFinished(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))

  npm.kill(signal)

  expect(await npm.nextLine()).toBe('told to end')
  await expect.poll(() => isRunning(pid)).toBe(false)
})

test('what was started to outlive the shell that started it does', async () => {
  const shell = spawn('sh', ['-c', `"$0" local/cli.mjs demo outlive & read line`, process.execPath], {
    cwd: copy,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const nextLine = lines(shell.stdout)
  expect(await nextLine()).toBe('ready')
  shell.stdin.end()
  expect(await nextLine()).toBe('still here')
})

/** npm with this Node first in its PATH, as who types `npm run` has it. */
function npmUnder(node: string, ...args: string[]) {
  const PATH = path.dirname(node) + path.delimiter + process.env['PATH']
  const npm = spawn('npm', args, {
    cwd: copy,
    env: { PATH, HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { kill: (signal: NodeJS.Signals) => npm.kill(signal), nextLine: lines(npm.stdout) }
}

/** One line after the other; the end of the stream is an empty one. */
function lines(input: Readable): () => Promise<string> {
  const each = createInterface({ input })[Symbol.asyncIterator]()
  return async () => {
    const { done, value } = await each.next()
    return done ? '' : value
  }
}

function findOldNode(): string | undefined {
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'node'))
  return files.find((file) => {
    if (!existsSync(file)) return false
    const major = Number(/^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout)?.[1])
    return major >= 20 && major < 22
  })
}
