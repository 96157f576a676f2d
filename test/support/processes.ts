import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'

/** A real process of the system under test. */
export interface TestProcess {
  pid: number
  /** Resolves with the exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>
  /** Everything it wrote so far, both streams. */
  output(): string
  /** Resolves once the output contains the text; rejects with the output when the process ends before. */
  says(text: string): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Ends it, gently at first. */
  end(): Promise<void>
}

export function startProcess(file: string, args: string[], env: Record<string, string>): TestProcess {
  const child = spawn(process.execPath, ['--import', endWithParent, file, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listeners = new Set<() => void>()
  const hear = (chunk: Buffer): void => {
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? -1)
      for (const listener of listeners) listener()
    })
  })

  return {
    pid: child.pid ?? -1,
    exited,
    output: () => output,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const said = output.includes(text)
          if (!said && !isOver(child)) return
          listeners.delete(look)
          if (said) resolve()
          else reject(new Error(`The process ended without saying "${text}":\n${output}`))
        }
        listeners.add(look)
        look()
      }),
    signal: (signal) => child.kill(signal),
    end: async () => {
      if (isOver(child)) return
      // A stopped process hears nothing until it goes on.
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(patience)
    },
  }
}

const endWithParent = path.join(import.meta.dirname, 'end-with-parent.ts')
const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
