import { afterCommit, within, type Database, type Tx } from '../shared/database.ts'
import { timeOrderedId } from '../shared/ids.ts'
import type { Metrics } from '../shared/metrics.ts'
import { batched } from './batch.ts'
import type { Ask } from './define.ts'
import type { Dispatcher } from './dispatch.ts'
import { enter, enterAgain, enterFree, enterNew, type Entered, type Entry } from './ledger/enter.ts'
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

  const report = (items: Item[]): void => {
    const counts = new Map<string, number>()
    const tickets: Ticket[] = []
    for (const { ask, entered } of items) {
      if (!entered) continue
      const { name, light } = ask.job
      const { decision, ticket } = entered
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

  const newTogether = batched<Item, Entered | undefined>(
    async (items) => {
      await enterLeaders(database.run, items, enterNew)
      report(items)
      return items.map((item) => item.entered)
    },
    { lanes: 2, size: 500 },
  )

  /** Enters what it can, those that mean the same row one after the other, and leaves what it cannot. */
  const enterAll = async (items: Item[], write: Write): Promise<void> => {
    // What one statement has decided is committed. It is not decided again when a later one failed.
    let open = items.filter((item) => !item.entered)
    for (let before = Infinity; open.length > 0 && open.length < before;) {
      before = open.length
      const left = await enterLeaders(database.run, open, write)
      report(open)
      open = left
    }
  }

  // Three ways, so that nobody waits for a stranger's row: what is new, what is there, and what is there and held.
  const freeTogether = batched<Item, Entered | undefined>(
    async (items) => {
      await enterAll(items, enterFree)
      return items.map((item) => item.entered)
    },
    { lanes: 2, size: 500 },
  )

  const heldTogether = batched<Item, Entered>(
    async (items) => {
      await enterAll(items, enterAgain)
      return items.map((item) => item.entered as Entered)
    },
    { lanes: 2, size: 500 },
  )

  return {
    in: async (tx, asks, trace) => {
      const items = asks.map((ask): Item => ({ ask, entry: entryOf(ask, trace), entered: undefined }))
      let open = items
      while (open.length > 0) open = await enterLeaders(within(tx), open, enter)
      if (items.length > 0) afterCommit(tx, () => report(items))
      return items.map((item) => item.entered as Entered)
    },
    now: async (ask, trace) => {
      const item: Item = { ask, entry: entryOf(ask, trace), entered: undefined }
      return (await newTogether(item)) ?? (await freeTogether(item)) ?? heldTogether(item)
    },
  }
}

/** A wish on its way into the ledger, and what came of it. */
interface Item {
  ask: Ask
  entry: Entry
  entered: Entered | undefined
}

/** Writes askings of different rows; undefined for what it left alone. */
type Write = (run: Database['run'], entries: Entry[]) => Promise<(Entered | undefined)[]>

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
 * Enters the first wish of those that mean the same row, for all of them at once. Those that follow it with the same data
 * share its decision; one with other data, and all after it, are left for the next time, so that each row is asked for in
 * the order they came.
 */
async function enterLeaders(run: Database['run'], items: Item[], write: Write): Promise<Item[]> {
  const leaders = new Map<string, Item>()
  const followers: Item[] = []
  for (const item of items) {
    const key = keyOf(item.entry)
    if (leaders.has(key)) followers.push(item)
    else leaders.set(key, item)
  }
  const sorted = [...leaders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
  const entered = await write(
    run,
    sorted.map((item) => item.entry),
  )
  for (const [index, each] of entered.entries()) (sorted[index] as Item).entered = each

  const parted = new Set<string>()
  for (const item of followers) {
    const key = keyOf(item.entry)
    const leader = leaders.get(key) as Item
    if (parted.has(key) || !meansTheSame(leader.entry, item.entry)) parted.add(key)
    else if (leader.entered) item.entered = { ...leader.entered, decision: 'stands', ticket: undefined }
  }
  return items.filter((item) => !item.entered)
}

const meansTheSame = (one: Entry, other: Entry): boolean =>
  one.again === other.again && JSON.stringify(one.data) === JSON.stringify(other.data)

const keyOf = (entry: Entry): string => `${entry.name} ${entry.key}`
