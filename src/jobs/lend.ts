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

  /** Most jobs log nothing: the child logger is made when it is asked for. */
  const toolsFor = (row: Claimed, attempt: Attempt, progress: Tools['progress']): Tools => ({
    ...parts.tools,
    sql: parts.database.sql,
    get signal() {
      return attempt.signal
    },
    progress,
    trace: row.trace,
    get log() {
      return logOf(row)
    },
  })

  const jobOf = (row: Claimed): Job => {
    const job = parts.registry.get(row.name)
    if (!job) throw new UnknownJob(`This process knows no job called ${row.name}.`)
    return job
  }

  return { jobOf, dataOf, toolsFor, logOf }
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
