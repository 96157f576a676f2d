import { z } from 'zod'
import { readable, type Readable } from '../pdf/languages.ts'

const settings = z.strictObject({
  /** Calls admitted in any second, for each model. null for no such limit. */
  requestsPerSecond: z.int().min(1).nullable().default(null),
  /** Calls admitted in any sixty seconds, for each model. 0 plays a plan that lacks the model. */
  requestsPerMinute: z.int().min(0).nullable().default(6000),
  /** Calls that each model works on at once. */
  inFlight: z.int().min(1).nullable().default(null),
  /** Whether a call too many is told when to come back. */
  retryAfter: z.boolean().default(true),
  /** The least time that a call takes: so much, and for each page that was read and each token that was written. */
  millisecondsPerCall: z.number().min(0).default(0),
  millisecondsPerPage: z.number().min(0).default(0),
  millisecondsPerToken: z.number().min(0).default(0),
  /** What a page without a text layer is read with. Each language more takes time. */
  ocrLanguages: z
    .array(z.enum(readable))
    .min(1)
    .default((): Readable[] => ['eng']),
})

/** How the stand-in behaves from here on, as one writes it: what is not named stays as it is. */
export type Change = z.input<typeof settings>
export type Settings = z.output<typeof settings>

/** What is so for every call, until it is changed: limits, pace, languages. `Dials` is for single calls. */
export class Sustained {
  readonly #first: Settings
  #now: Settings

  constructor(first: Change = {}) {
    this.#first = settings.parse(first)
    this.#now = this.#first
  }

  get now(): Settings {
    return this.#now
  }

  /** Throws a ZodError for a setting that does not exist. */
  change(change: Change): void {
    this.#now = settings.parse({ ...this.#now, ...change })
  }

  /** As it was at the start. */
  reset(): void {
    this.#now = this.#first
  }
}
