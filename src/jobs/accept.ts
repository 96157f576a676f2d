import { afterCommit, within, type Database, type Tx } from '../shared/database.ts'
import { timeOrderedId } from '../shared/ids.ts'
import type { Metrics } from '../shared/metrics.ts'
import { batched } from './batch.ts'
import type { Ask } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import { enter, type Entered, type Entry } from './ledger/enter.ts'
import type { Ticket } from './ledger/rows.ts'

/** Turns wishes into promises: a job exists if and only if the transaction that asked for it committed. */
export interface Accept {
  /** Accepts in the caller's transaction; the tickets leave for Redis once it has committed. */
  in(tx: Tx, asks: Ask[], trace: string): Promise<Entered[]>
  /** Accepts one wish in a transaction of its own, which it may share with its neighbours. */
  now(ask: Ask, trace: string): Promise<Entered>
}

/** Data that no job of this name can have; `field` says where. */
export class InvalidAsk extends Error {
  override name = 'InvalidAsk'
  readonly field: string

  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.field = field
  }
}

export function createAccept(options: {
  database: Database
  dispatcher: Dispatcher
  metrics: Metrics
}): Accept {
  const { database, dispatcher, metrics } = options

  const report = (asks: Ask[], entered: Entered[]): void => {
    const counts = new Map<string, number>()
    const tickets: Ticket[] = []
    for (const [index, { decision, ticket }] of entered.entries()) {
      const { name, light } = (asks[index] as Ask).job
      counts.set(`${name} ${decision}`, (counts.get(`${name} ${decision}`) ?? 0) + 1)
      if (ticket) tickets.push(light ? { ...ticket, light } : ticket)
    }
    dispatcher.dispatch(...tickets)
    // Neighbours are mostly of one kind: counted once for all of them.
    for (const [kind, count] of counts) {
      const [job, decision] = splitOnce(kind)
      metrics.accepted.inc({ job, decision }, count)
      if (decision === 'stands') metrics.absorbed.inc({ job }, count)
    }
  }

  const together = batched(
    async (items: { ask: Ask; entry: Entry }[]) => {
      const entries = items.map((item) => item.entry)
      const entered = await enterDistinct(database.run, entries)
      report(
        items.map((item) => item.ask),
        entered,
      )
      return entered
    },
    { lanes: 2, size: 500 },
  )

  return {
    in: async (tx, asks, trace) => {
      if (asks.length === 0) return []
      const entered = await enterDistinct(
        within(tx),
        asks.map((ask) => entryOf(ask, trace)),
      )
      afterCommit(tx, () => report(asks, entered))
      return entered
    },
    now: async (ask, trace) => together({ ask, entry: entryOf(ask, trace) }),
  }
}

/** A job's name has no blanks; a decision may have. */
const splitOnce = (kind: string): [string, string] => {
  const at = kind.indexOf(' ')
  return [kind.slice(0, at), kind.slice(at + 1)]
}

/**
 * The checked entry of a wish.
 * @throws InvalidAsk naming the field that is wrong.
 */
function entryOf(ask: Ask, trace: string): Entry {
  const parsed = ask.job.data.safeParse(ask.data)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new InvalidAsk(issue?.path.join('.') || 'data', issue?.message ?? 'is not valid')
  }
  const data = parsed.data
  if (unstorable.test(JSON.stringify(data)))
    throw new InvalidAsk('data', 'contains characters that are not text')
  const key = ask.job.key(data)
  if (key === '' || key.length > 500)
    throw new InvalidAsk('key', `of ${ask.job.name} must have 1 to 500 characters`)
  return {
    id: timeOrderedId(),
    name: ask.job.name,
    queue: ask.job.queue,
    key,
    owner: ask.job.owner?.(data) ?? null,
    data,
    attempts: ask.job.retry.attempts,
    closes: Boolean(ask.job.undo ?? ask.job.onFailed),
    trace,
    delay: ask.delay ?? 0,
    again: ask.again ?? ask.job.again,
    asides: ask.job.asides ?? [],
  }
}

/** NUL and lone surrogates, as JSON.stringify writes them: Postgres cannot keep them. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

/**
 * Enters many wishes of which several may mean the same row. Those with the same data share one decision; others for
 * the same row are decided one after another, in the order they came.
 */
async function enterDistinct(run: Database['run'], entries: Entry[]): Promise<Entered[]> {
  const results = new Map<Entry, Entered>()
  let open = entries
  while (open.length > 0) {
    const leaders = new Map<string, Entry>()
    for (const entry of open) {
      const key = keyOf(entry)
      if (!leaders.has(key)) leaders.set(key, entry)
    }
    const sorted = [...leaders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
    for (const [index, entered] of (await enter(run, sorted)).entries())
      results.set(sorted[index] as Entry, entered)
    if (sorted.length === open.length) break
    open = open.filter((entry) => {
      const leader = leaders.get(keyOf(entry)) as Entry
      if (leader === entry) return false
      if (JSON.stringify(leader.data) !== JSON.stringify(entry.data) || leader.again !== entry.again)
        return true
      results.set(entry, { ...(results.get(leader) as Entered), decision: 'stands', ticket: undefined })
      return false
    })
  }
  return entries.map((entry) => results.get(entry) as Entered)
}

const keyOf = (entry: Entry): string => `${entry.name} ${entry.key}`
