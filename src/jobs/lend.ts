import type { Database } from '../shared/database.ts'
import { GiveUp } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import type { Attempt } from './attempt.ts'
import type { Job, Registry, Tools } from './define.ts'
import type { Claimed } from './ledger/rows.ts'

/** What the runner lends to a job for one attempt: its definition, its data, its tools and its log. */
export interface Lender {
  /** @throws UnknownJob when this process knows no job of the row's name. */
  jobOf(row: Claimed): Job
  /** @throws GiveUp when the row's data does not have the shape this version wants. */
  dataOf(job: Job, row: Claimed): unknown
  toolsFor(row: Claimed, attempt: Attempt, progress: Tools['progress']): Tools
  logOf(row: Claimed): Log
}

export function createLender(parts: {
  registry: Registry
  database: Database
  tools: Omit<Tools, 'signal' | 'progress' | 'log' | 'sql' | 'trace'>
  log: Log
}): Lender {
  const logOf = (row: Claimed): Log => parts.log.child({ trace: row.trace, job: row.name, id: row.id })

  const lasting: Lasting = { ...parts.tools, sql: parts.database.sql }
  const toolsFor = (row: Claimed, attempt: Attempt, progress: Tools['progress']): Tools =>
    new Lent(lasting, { attempt, progress, trace: row.trace, log: () => logOf(row) }) as Lent & Lasting

  const jobOf = (row: Claimed): Job => {
    const job = parts.registry.get(row.name)
    if (!job) throw new UnknownJob(`This process knows no job called ${row.name}.`)
    return job
  }

  return { jobOf, dataOf, toolsFor, logOf }
}

type Lasting = Omit<Tools, 'signal' | 'progress' | 'log' | 'trace'>

/**
 * The tools of one attempt: those that last, and its own. A signal and a log are made when somebody asks for them: most jobs
 * do not, and both cost more than a small job does.
 */
class Lent implements Pick<Tools, 'signal' | 'progress' | 'log' | 'trace'> {
  readonly progress: Tools['progress']
  readonly trace: string
  readonly #attempt: Attempt
  readonly #log: () => Log

  constructor(
    lasting: Lasting,
    own: Pick<Tools, 'progress' | 'trace'> & { attempt: Attempt; log: () => Log },
  ) {
    Object.assign(this, lasting)
    this.progress = own.progress
    this.trace = own.trace
    this.#attempt = own.attempt
    this.#log = own.log
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get log(): Log {
    return this.#log()
  }
}

class UnknownJob extends Error {
  override name = 'UnknownJob'
}

function dataOf(job: Job, row: Claimed): unknown {
  const data = job.data.safeParse(row.data)
  if (!data.success)
    throw new GiveUp('invalid-data', `The data of ${row.name} does not have the shape this version wants.`)
  return data.data
}
