import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../../../local/launch/leftovers.ts'
import type { StackFile } from '../../../local/stack/stack-file.ts'
import { startProcess, type TestProcess } from '../../support/processes.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const cli = path.join(root, 'local', 'cli.mjs')

/** A place of its own for one local stack: a folder with a blank in its name that is closed to other users. */
export interface State extends AsyncDisposable {
  directory: string
  collections: string
  env: Record<string, string>
  /** Starts a command as a person would. It is stopped with the state. */
  start(command: string, ...args: string[]): TestProcess
  /** Runs a command to its end. */
  run(command: string, ...args: string[]): Promise<Ended>
  /** What stack.json says, once it says what is wanted. */
  stack(enough?: (stack: StackFile) => boolean): Promise<StackFile>
  hasStackFile(): boolean
  /** What runs on behalf of this state, whoever started it. */
  processes(): string[]
  nothingRuns(): Promise<void>
}

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

export function createState(extra: Record<string, string> = {}): State {
  const directory = mkdtempSync(path.join(tmpdir(), 'millrace state '))
  const collections = path.join(directory, 'efs', 'collections')
  const env = {
    MILLRACE_STATE: path.join(directory, 'state'),
    ANKI_COLLECTIONS: collections,
    PORT: '0',
    ...extra,
  }
  const file = path.join(env.MILLRACE_STATE, 'stack.json')
  mkdirSync(env.MILLRACE_STATE)
  const started: TestProcess[] = []

  const state: State = {
    directory,
    collections,
    env,
    start(command, ...args) {
      const child = startProcess(cli, [command, ...args], env)
      started.push(child)
      return child
    },
    run: (command, ...args) =>
      new Promise((resolve) => {
        const options = {
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
          cwd: directory,
        }
        execFile(process.execPath, [cli, command, ...args], options, (error, stdout, stderr) => {
          resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
        })
      }),
    async stack(enough = ({ ready }) => ready) {
      for (;;) {
        const stack = state.hasStackFile() && (JSON.parse(readFileSync(file, 'utf8')) as StackFile)
        if (stack && enough(stack)) return stack
        await sleep(20)
      }
    },
    hasStackFile: () => readdirSync(env.MILLRACE_STATE).includes('stack.json'),
    processes: () => processesOf(directory),
    async nothingRuns() {
      while (processesOf(directory).length > 0) await sleep(50)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((child) => child.end()))
      await state.nothingRuns()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return state
}

/** Whoever has the folder in its environment, its arguments or as its working directory. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isRunning(Number(name)))
    .filter((pid) => [environOf, argumentsOf, directoryOf].some((look) => look(pid).includes(directory)))
    .map((pid) => `${pid} ${argumentsOf(pid)}`)
}

const environOf = (pid: string): string => read(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
const argumentsOf = (pid: string): string =>
  read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
const directoryOf = (pid: string): string => read(() => readlinkSync(`/proc/${pid}/cwd`))

/** It may end while we look, or be another user's. */
function read(look: () => string): string {
  try {
    return look()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return ''
    throw error
  }
}
