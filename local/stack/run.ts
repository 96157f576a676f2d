import { mkdirSync } from 'node:fs'
import { takeLock } from '../launch/lock.ts'
import { Plain } from '../launch/plain.ts'
import { freePort } from '../launch/ports.ts'
import { Asked, listenForEnd, type End } from './end.ts'
import { inherited } from './environment.ts'
import { findPlace, type Place } from './place.ts'
import { readProcfile } from './procfile.ts'
import { step, tookSince, type Say } from './progress.ts'
import { untilOk } from './ready.ts'
import { removeStackFile, writeStackFile, type StackFile } from './stack-file.ts'
import { startStores, type Stores } from './stores.ts'
import { endLeftovers, supervise, type Supervisor } from './supervise.ts'
import { findWebPort } from './web-port.ts'

export interface StackOptions {
  /** Told how the start goes, for people. */
  say: Say
  /** Given every line a process writes. */
  hear: (name: string, line: string) => void
  /** Which port web takes when 3000 is taken and nobody chose another. */
  otherwise: 'any' | 'refuse'
  /** How many early deaths of a process in a row end the stack. */
  deaths: number
}

/** A stack in which everything answers. */
export interface Stack {
  place: Place
  stores: Stores
  supervisor: Supervisor
  /** What stands in stack.json at this moment. */
  facts(): StackFile
  end: End
  /** Rejects with `Plain` when a process keeps dying. */
  hopeless: Promise<never>
}

/**
 * Starts the stores and the processes of the Procfile, does what `use` wants with them, and ends it all again,
 * processes first, however `use` or the start went. stack.json is there exactly as long as the stack.
 * Returns the exit code: 0 unless something broke that nobody asked for.
 */
export async function withStack(options: StackOptions, use: (stack: Stack) => Promise<void>): Promise<number> {
  const { say } = options
  using end = listenForEnd()
  let ready = false
  try {
    await using closing = new AsyncDisposableStack()
    await up(options, end, closing, async (stack) => {
      ready = true
      await use(stack)
    })
    if (end.signal.reason instanceof Asked) say('\nstopping')
  } catch (error) {
    if (!(error instanceof Asked)) throw error
    if (!ready) say(`stopped by ${error.message} before everything was up`)
    if (!ready) return 130
  }
  return end.failure() === undefined ? 0 : 1
}
