import { fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'

/** What a program of the bench says; `is` says what it is about. */
export interface Message {
  is: string
  /** When it was said, in milliseconds since 1970, with fractions. */
  at: number
}

/** A process of its own that the bench started: a contestant, or whoever puts load on one. */
export interface Program {
  pid: number
  /** The next message about `is`; rejects with the end of its log when the process ends before. */
  says<M extends Message = Message>(is: string): Promise<M>
  tell(message: object): void
  signal(signal: NodeJS.Signals): void
  /** Ends it, gently at first. */
  end(): Promise<void>
}

export interface ProgramOptions {
  file: string
  args?: string[]
  env: Record<string, string>
  /** Both streams of the process are appended here. */
  log: string
  /** Writes a CPU profile into this directory when the process ends. */
  profile?: string | undefined
}

/** Starts a TypeScript file as a process in a group of its own, so that a Ctrl-C reaches it only through us. */
export function startProgram({ file, args = [], env, log, profile }: ProgramOptions): Program {
  const output = openSync(log, 'a')
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval=500'] : []
  const child = fork(file, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'production', ...env },
    execArgv: ['--import', path.join(import.meta.dirname, 'end-with-parent.ts'), ...profiling],
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
  })
  closeSync(output)
  const ended = once(child, 'exit').then(([code, signal]) => `with ${String(signal ?? code)}`)
  let over: string | undefined
  const heard: Message[] = []
  const listeners = new Set<() => void>()
  const wake = (): void => {
    for (const look of listeners) look()
  }
  child.on('message', (message: Message) => {
    heard.push(message)
    wake()
  })
  void ended.then((how) => {
    over = how
    wake()
  })

  return {
    pid: child.pid ?? -1,
    says: <M extends Message>(is: string) =>
      new Promise<M>((resolve, reject) => {
        const look = (): void => {
          const index = heard.findIndex((message) => message.is === is)
          if (index < 0 && over === undefined) return
          listeners.delete(look)
          if (index >= 0) resolve(heard.splice(index, 1)[0] as M)
          else
            reject(
              new Error(`${path.basename(file)} ended ${over} before it said "${is}"; its log is ${log}`),
            )
        }
        listeners.add(look)
        look()
      }),
    tell: (message) => child.send(message),
    signal: (signal) => child.kill(signal),
    end: async () => {
      if (over !== undefined) return
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(patience)
    },
  }
}
