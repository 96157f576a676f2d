import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endLeftover, forget, remember } from '../launch/leftovers.ts'
import { Plain } from '../launch/plain.ts'
import { startChild, type Child } from './child.ts'
import { aborted } from './end.ts'
import { root, type Place } from './place.ts'
import type { ProcfileLine } from './procfile.ts'
import type { Say } from './progress.ts'

export interface SuperviseOptions {
  lines: ProcfileLine[]
  /** The whole environment of a process. */
  envOf: (name: string) => NodeJS.ProcessEnv
  /** Given every line a process writes. */
  hear: (name: string, line: string) => void
  say: Say
  /** Told whenever a process has begun or ended. */
  onChange: () => void
  /** How many early deaths in a row are too many. */
  deaths: number
  /** How long a process may take to stop before it is killed, in seconds. */
  patience: number
  /** Told with `Plain` when a process keeps dying or can't be started; it is not tried again. */
  onHopeless: (error: Error) => void
  /** Where pids are kept for the next start to find, if anywhere. */
  place?: Place
}

export interface Supervisor {
  /** The living, by name. */
  pids(): Record<string, number>
  /** Stops every process and starts it again, each on its own. */
  restart(): void
  /** Ends all of them and starts none again. */
  stop(hurry: AbortSignal): Promise<void>
}

/** Starts the processes of a Procfile and starts again whichever ends, until it is stopped. */
export function supervise(options: SuperviseOptions): Supervisor {
  const keepers = options.lines.map((line) => new Keeper(line, options))
  return {
    pids: () =>
      Object.fromEntries(keepers.flatMap(({ name, child }) => (child ? [[name, child.pid] as const] : []))),
    restart: () => keepers.forEach((keeper) => keeper.restart()),
    stop: async (hurry) => void (await Promise.all(keepers.map((keeper) => keeper.stop(hurry)))),
  }
}

/** A start that was killed where the kernel offers no death signal leaves its processes behind. */
export async function endLeftovers(lines: ProcfileLine[], place: Place, say: Say): Promise<void> {
  mkdirSync(path.dirname(place.pidFile('any')), { recursive: true })
  for (const { name } of lines) {
    await endLeftover(name, place.pidFile(name), ['SIGTERM', 'SIGKILL'], say)
  }
}

/** Whoever lived this long was well. */
const WELL = 20_000
const LONGEST_PAUSE = 10_000
/** Whoever lived shorter than this after a change of the source can't live with it. */
const BROKEN = 3000

const inNoHurry = new AbortController().signal

/** Keeps one process alive. */
class Keeper {
  readonly name: string
  child: Child | undefined
  readonly #line: ProcfileLine
  readonly #options: SuperviseOptions
  readonly #stopping = new AbortController()
  /** Aborted when it is to be started again without a pause. */
  #wake = new AbortController()
  readonly #kept: Promise<void>

  constructor(line: ProcfileLine, options: SuperviseOptions) {
    this.name = line.name
    this.#line = line
    this.#options = options
    this.#kept = this.#turns().catch(options.onHopeless)
  }

  /** At once, also when it is waiting to be started again. */
  restart(): void {
    this.#wake.abort()
    void this.child?.stop(this.#options.patience, inNoHurry)
  }

  async stop(hurry: AbortSignal): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    await this.child?.stop(this.#options.patience, hurry)
    await this.#kept
  }

  async #turns(): Promise<void> {
    let deaths = 0
    let changed = false
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController()
      const born = performance.now()
      const how = await this.#live()
      const lived = performance.now() - born
      if (!this.#wake.signal.aborted) {
        deaths = lived > WELL ? 1 : deaths + 1
        // What a change has broken only another change repairs. Who was killed is not broken.
        const broken = changed && lived < BROKEN && how.startsWith('with')
        await this.#rest(how, broken ? Infinity : deaths)
      }
      changed = this.#wake.signal.aborted
      if (changed) deaths = 0
    }
  }

  /** One life. Resolves with words for how it ended. */
  async #live(): Promise<string> {
    const { envOf, hear, onChange, place } = this.#options
    const child = await startChild({
      command: this.#line.command,
      cwd: root,
      env: envOf(this.name),
      hear: (line) => hear(this.name, line),
    })
    this.child = child
    const record = place?.pidFile(this.name)
    if (record) remember(record, child.pid)
    // Both may have been asked for while it was being started.
    if (this.#stopping.signal.aborted) void child.stop(this.#options.patience, inNoHurry)
    onChange()
    const how = await child.ended
    this.child = undefined
    if (record) forget(record)
    onChange()
    return how
  }

  /** A pause that grows with the number of deaths, until something changes when they are without number. */
  async #rest(how: string, deaths: number): Promise<void> {
    const { say } = this.#options
    if (deaths === Infinity) {
      say(`${this.name} ended ${how} right after a change; it waits for the next one`)
      return aborted(this.#wake.signal)
    }
    if (deaths >= this.#options.deaths) throw new Plain(`${this.name} keeps dying, last ${how}`)
    const pause = deaths === 1 ? 0 : Math.min(250 * 2 ** (deaths - 1), LONGEST_PAUSE)
    say(`${this.name} ended ${how}; it is started again ${pause === 0 ? 'at once' : `in ${pause / 1000} s`}`)
    try {
      await sleep(pause, undefined, { signal: this.#wake.signal })
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error
    }
  }
}
