import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { stageLanguages, type Readable } from './languages.ts'
import type { Picture } from './picture.ts'
import type { Look, Seen } from './recognise-process.ts'
import type { Sight } from './sight.ts'

/** A picture could not be read: it took too long, or the process that read it died. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

/** It took too long: of what is in the picture or because the machine was busy, nobody can tell. */
export class UnreadInTime extends Unreadable {
  override name = 'UnreadInTime'
}

interface Recogniser {
  child: ChildProcess
  idle?: NodeJS.Timeout
}

const script = new URL('recognise-process.ts', import.meta.url)

/**
 * Reads pictures of text, in as many processes as the machine has processors. They start with the first picture, since
 * most documents need none, stay for a while since starting costs half a second, and end with `stop`.
 */
export class Recognisers {
  readonly #most: number
  readonly #warmFor: number
  readonly #milliseconds: number
  readonly #idle: Recogniser[] = []
  readonly #all = new Set<Recogniser>()
  readonly #line: (() => void)[] = []
  #busy = 0
  #stopped = false

  constructor({ most = availableParallelism(), warmFor = 60_000, milliseconds = 60_000 } = {}) {
    this.#most = most
    this.#warmFor = warmFor
    this.#milliseconds = milliseconds
  }

  /** How many processes there are at the moment. */
  get size(): number {
    return this.#all.size
  }

  /** What stands on the picture. A caller who left still waits for the picture at hand, not for those in line. */
  async read(picture: Picture, languages: readonly Readable[], signal: AbortSignal): Promise<Sight> {
    const directory = stageLanguages(languages)
    if (this.#busy >= this.#most) await new Promise<void>((resolve) => this.#line.push(resolve))
    else this.#busy += 1
    try {
      signal.throwIfAborted()
      if (this.#stopped) throw new Unreadable('the readers have ended')
      return await this.#look({ png: picture.png, languages: [...languages], directory })
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#busy -= 1
    }
  }

  /** Ends every process, whatever it is doing, and waits until it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#all].map((one) => this.#end(one)))
  }

  async #look(look: Look): Promise<Sight> {
    const recogniser = this.#idle.pop() ?? this.#start()
    clearTimeout(recogniser.idle)
    try {
      const seen = await replyOf(recogniser.child, look, this.#milliseconds)
      if ('failed' in seen) throw new Unreadable(seen.failed)
      this.#rest(recogniser)
      return seen.sight
    } catch (error) {
      await this.#end(recogniser)
      throw error
    }
  }

  #start(): Recogniser {
    const child = fork(script, {
      env: {}, // nothing of ours is its business
      execArgv: [],
      serialization: 'advanced', // bytes stay bytes
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const recogniser = { child }
    this.#all.add(recogniser)
    return recogniser
  }

  #rest(recogniser: Recogniser): void {
    this.#idle.push(recogniser)
    recogniser.idle = setTimeout(() => void this.#end(recogniser), this.#warmFor)
    recogniser.idle.unref()
  }

  async #end(recogniser: Recogniser): Promise<void> {
    clearTimeout(recogniser.idle)
    const at = this.#idle.indexOf(recogniser)
    if (at !== -1) this.#idle.splice(at, 1)
    await gone(recogniser.child)
    this.#all.delete(recogniser)
  }
}

function replyOf(child: ChildProcess, look: Look, milliseconds: number): Promise<Seen> {
  const { promise, resolve, reject } = Promise.withResolvers<Seen>()
  const late = setTimeout(() => reject(new UnreadInTime('it took too long')), milliseconds)
  const died = (code: number | null, killed: string | null): void =>
    reject(new Unreadable(`the reader died (${killed ?? code})`))
  const failed = (error: Error): void =>
    reject(new Unreadable('the reader could not start', { cause: error }))
  const seen = (message: unknown): void => resolve(message as Seen)

  if (child.exitCode !== null || child.signalCode !== null) died(child.exitCode, child.signalCode)
  child.once('message', seen)
  child.once('error', failed)
  child.once('exit', died)
  if (child.connected) child.send(look, (error) => error && failed(error))

  return promise.finally(() => {
    clearTimeout(late)
    child.off('message', seen).off('error', failed).off('exit', died)
  })
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}
