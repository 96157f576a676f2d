import { timeOrderedId } from '../../shared/ids.ts'
import { InvalidAsk, type Accept } from '../../jobs/accept.ts'
import type { Ask } from '../../jobs/define.ts'
import { keepRejected } from '../../jobs/ledger/messages.ts'
import { isOutage, within, type Database, type Tx } from '../../shared/database.ts'
import { describeError } from '../../shared/errors.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Event } from './event.ts'
import { readMessage } from './read.ts'

/** One message as it lies in our hands. */
export interface Message {
  id: string
  body: string
  trace: string
  /** How often it was received, this time included. */
  receives: number
  /** What SQS wants to see when it is to be deleted. */
  receipt: string
}

/** What came of a batch of messages. */
export interface TakenIn {
  /** Committed: these may be deleted. All others must come again. */
  finished: Message[]
  /** Why the rest was not even tried: Postgres is away, or nobody knows whether it committed. */
  outage?: unknown
}

export interface TakeInParts {
  database: Database
  accept: Accept
  /** What follows from an event; undefined when nobody here knows where it comes from. */
  react: (event: Event) => Ask[] | undefined
  /** Named in what is kept of rejected messages. */
  source: string
  metrics: Metrics
  log: Log
}

/** A message that Postgres refuses this often, alone, will never be taken. */
const RECEIVES_AT_MOST = 5

/**
 * Turns messages into jobs, and those that cannot be into rejected messages kept for an operator: a whole batch in one
 * transaction, or one by one when that is refused, so that strangers do not suffer for one another. Never throws.
 * @param stopping ends the turns one by one early.
 */
export async function takeIn(
  messages: Message[],
  parts: TakeInParts,
  stopping: AbortSignal,
): Promise<TakenIn> {
  const verdicts = messages.map((message) => judge(message, parts)).sort(byWhatIsAsked)
  try {
    await write(verdicts, parts)
    return { finished: messages }
  } catch (error) {
    if (isOutage(error)) return { finished: [], outage: error }
    parts.log.warn({ err: error, messages: messages.length }, 'a batch of messages was refused; one by one')
    return oneByOne(verdicts, parts, stopping)
  }
}

async function oneByOne(verdicts: Verdict[], parts: TakeInParts, stopping: AbortSignal): Promise<TakenIn> {
  const finished: Message[] = []
  for (const verdict of verdicts) {
    if (stopping.aborted) break
    try {
      if (await alone(verdict, parts)) finished.push(verdict.message)
    } catch (outage) {
      return { finished, outage }
    }
  }
  return { finished }
}

/** Whether the message is done with. Throws only when Postgres is away. */
async function alone(verdict: Verdict, parts: TakeInParts): Promise<boolean> {
  const { message } = verdict
  try {
    await write([verdict], parts)
    return true
  } catch (error) {
    if (isOutage(error)) throw error
    if (message.receives >= RECEIVES_AT_MOST && verdict.asks.length > 0)
      return alone(
        { message, asks: [], faults: [`it was refused every time: ${describeError(error).code}`] },
        parts,
      )
    parts.metrics.messages.inc({ outcome: 'refused' })
    parts.log.warn({ err: error, message: message.id, receives: message.receives }, 'a message was refused')
    return false
  }
}

/** What a message comes to: jobs, faults an operator should see, or neither. */
interface Verdict {
  message: Message
  asks: Ask[]
  faults: string[]
}

function judge(message: Message, { react, log }: TakeInParts): Verdict {
  const read = readMessage(message.body)
  if ('nothing' in read) return { message, asks: [], faults: [] }
  if ('unreadable' in read) return { message, asks: [], faults: [read.unreadable] }
  const verdict: Verdict = { message, asks: [], faults: [] }
  for (const event of read.events) {
    try {
      const follows = react(event)
      if (follows) verdict.asks.push(...follows)
      else verdict.faults.push(unknownPlace[event.kind])
    } catch (error) {
      log.error({ err: error, message: message.id, event: event.kind }, 'a reaction broke')
      verdict.faults.push(`the reaction to ${event.kind} broke: ${describeError(error).code}`)
    }
  }
  return verdict
}

const unknownPlace: Record<Event['kind'], string> = {
  'cognito.user-confirmed': 'userPoolId is no pool known here',
  's3.object-created': 'bucket is no bucket known here',
  's3.object-removed': 'bucket is no bucket known here',
}

/** One transaction for all of them: the jobs they ask for, and the messages that are kept. */
async function write(
  verdicts: Verdict[],
  { database, accept, source, metrics, log }: TakeInParts,
): Promise<void> {
  const written = await database.transaction(async (tx) => {
    const entered: Verdict[] = []
    for (const { message, asks, faults } of verdicts) {
      const refused = await enter(tx, asks, message.trace, accept)
      entered.push({ message, asks, faults: [...faults, ...refused] })
    }
    const rejected = entered.filter(({ faults }) => faults.length > 0)
    if (rejected.length > 0)
      await keepRejected(
        within(tx),
        rejected.map((verdict) => rejection(verdict, source)),
      )
    return entered
  })

  for (const { message, asks, faults } of written) {
    const outcome = faults.length > 0 ? 'rejected' : asks.length > 0 ? 'accepted' : 'nothing'
    metrics.messages.inc({ outcome })
    if (outcome === 'rejected')
      log.warn({ message: message.id, reason: reasonOf(faults) }, 'kept a rejected message')
    else log.debug({ message: message.id, trace: message.trace, outcome }, 'took a message')
  }
}

/** Asks for jobs. A wish that no job can fulfil comes back as a fault; the others stand. */
async function enter(tx: Tx, asks: Ask[], trace: string, accept: Accept): Promise<string[]> {
  try {
    await accept.in(tx, asks, trace)
    return []
  } catch (error) {
    // It is thrown before anything is written, so the transaction is as good as it was.
    if (!(error instanceof InvalidAsk)) throw error
    const [ask, ...others] = asks
    if (ask && others.length === 0) return [`${ask.job.name} does not take the event: ${error.field}`]
    const faults: string[] = []
    for (const each of asks) faults.push(...(await enter(tx, [each], trace, accept)))
    return faults
  }
}

const rejection = ({ message, faults }: Verdict, source: string) => ({
  id: timeOrderedId(),
  source,
  messageId: message.id,
  reason: reasonOf(faults),
  // Postgres keeps neither of what this takes out.
  body: message.body.toWellFormed().replaceAll('\0', '\u{fffd}'),
})

const reasonOf = (faults: string[]): string => [...new Set(faults)].join('; ')

/**
 * Two batches that ask for the same jobs, in whatever order they came, lock rows in the same order and so never wait
 * for each other in a circle.
 */
function byWhatIsAsked(a: Verdict, b: Verdict): number {
  const [one, other] = [orderOf(a), orderOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

const orderOf = ({ asks }: Verdict): string =>
  asks.map((ask) => `${ask.job.name} ${JSON.stringify(ask.data)}`).join()
