import { existsSync } from 'node:fs'
import path from 'node:path'

/** The project's own directory. */
export const root = path.resolve(import.meta.dirname, '..', '..')

/** Where the local stack keeps things. Nothing is written anywhere else, the collections excepted. */
export interface Place {
  /** `.local`, or what MILLRACE_STATE names. One stack at a time per state. */
  state: string
  /** What the stores keep from one start to the next: remove it to begin anew. */
  data(store: string): string
  /** A file that says what runs and how to reach it. Of mode 0600. */
  stackFile: string
  /** The keys and passwords of this copy. Of mode 0600. */
  secretsFile: string
  /** One log per process of the Procfile. */
  log(process: string): string
  /** The pid of a process, for the next start to find should this one be killed. */
  pidFile(process: string): string
  /** A privately fetched Redis, which all states share. */
  redisPrograms: string
}

export function findPlace(env: NodeJS.ProcessEnv = process.env): Place {
  const usual = path.join(root, '.local')
  const state = env['MILLRACE_STATE'] ? path.resolve(root, env['MILLRACE_STATE']) : usual
  const fetched = path.join(usual, 'redis')
  return {
    state,
    data: (store) => path.join(state, 'data', store),
    stackFile: path.join(state, 'stack.json'),
    secretsFile: path.join(state, 'secrets.json'),
    log: (process) => path.join(state, 'log', `${process}.log`),
    pidFile: (process) => path.join(state, 'run', `${process}.pid`),
    redisPrograms: existsSync(fetched) ? fetched : path.join(state, 'redis'),
  }
}

/** A path as a person in the project's directory would type it. */
export function shown(file: string): string {
  const relative = path.relative(root, file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.'
}
