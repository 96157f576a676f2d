import { randomUUID } from 'node:crypto'
import { schedule as startCron, type ScheduledTask } from 'node-cron'
import { registry } from '../jobs/index.ts'
import { isReady } from '../jobs/ledger/ready.ts'
import { lastSlot, nameJob, takeSlot } from '../jobs/ledger/slots.ts'
import { findLedger, openAsking, type Asking } from '../jobs/open.ts'
import { readConfig } from '../shared/config.ts'
import { within } from '../shared/database.ts'
import { startHealth } from '../shared/health.ts'
import { startLifecycle } from '../shared/lifecycle.ts'
import { createLog, type Log } from '../shared/log.ts'
import { createMetrics, type Metrics } from '../shared/metrics.ts'
import { orEnd } from '../shared/or-end.ts'
import { seconds, sleep } from '../shared/time.ts'
import { checkSchedules, schedules, slotsAfter, type Schedule } from './schedule.ts'

export interface ClockParts extends Pick<Asking, 'database' | 'accept'> {
  metrics: Metrics
  log: Log
}

/**
 * Asks for every slot of a schedule that is due and not decided on yet. Any number of replicas may do so at any time:
 * the row of a slot is written once, in the transaction that accepts its job. What is due says the clock of Postgres: a
 * machine whose own is wrong looks at the wrong moment, and that is all.
 * @param at another time than that of Postgres.
 * @returns the slots this call asked for, as milliseconds since 1970.
 */
export async function askForDueSlots(schedule: Schedule, parts: ClockParts, at?: number): Promise<number[]> {
  return (await lookAt(schedule, parts, at)).asked
}

/** Asks for what is due, and tells what time it was. */
async function lookAt(
  schedule: Schedule,
  parts: ClockParts,
  at?: number,
): Promise<{ now: number; asked: number[] }> {
  const { database, metrics, log } = parts
  const { now, last } = await lastSlot(database.run, schedule.name, at)
  if (last === undefined) {
    // A schedule that was never seen before has missed nothing.
    await takeSlot(database.run, { schedule: schedule.name, at: now, outcome: 'first seen' })
    return { now, asked: [] }
  }
  const due = slotsAfter(schedule, last, now)
  const asked: number[] = []
  for (const [index, slot] of due.entries()) {
    const missed = index < due.length - 1 || now - slot > LATE
    const wanted =
      !missed || schedule.catchUp === 'all' || (schedule.catchUp === 'latest' && index === due.length - 1)
    const outcome = wanted ? 'asked' : 'skipped'
    if (!(await decide(schedule, slot, outcome, parts))) continue
    metrics.slots.inc({ schedule: schedule.name, outcome: wanted && missed ? 'caught up' : outcome })
    if (missed)
      log.warn({ schedule: schedule.name, slot: new Date(slot).toISOString(), outcome }, 'a slot was missed')
    if (wanted) asked.push(slot)
  }
  return { now, asked }
}

/** A slot asked for later than this was missed. */
const LATE = 60_000
/** A look that comes this much too early waits: no two clocks agree to the millisecond, and the next look is a minute off. */
const EARLY = seconds(1)

/** Writes the slot and accepts its job together; false when another replica was first. */
async function decide(
  schedule: Schedule,
  slot: number,
  outcome: 'asked' | 'skipped',
  { database, accept }: ClockParts,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const run = within(tx)
    const trace = randomUUID().replaceAll('-', '')
    // First of all: when somebody else decided, and be it not to ask, nothing is accepted here.
    if (!(await takeSlot(run, { schedule: schedule.name, at: slot, outcome }))) return false
    if (outcome === 'skipped') return true
    const [entered] = await accept.in(tx, [schedule.ask(new Date(slot))], trace)
    await nameJob(run, { schedule: schedule.name, at: slot, job: entered?.id })
    return true
  })
}

/** Ticks for every schedule, and looks for missed slots at once. Once it has stopped it asks for nothing more. */
export function startClock(table: Schedule[], parts: ClockParts): { stop(): Promise<void> } {
  const ended = new AbortController()
  const looking = new Set<Promise<void>>()

  const askInTime = async (schedule: Schedule): Promise<void> => {
    try {
      const { now } = await lookAt(schedule, parts)
      const [soon] = slotsAfter(schedule, now, now + EARLY)
      if (soon === undefined) return
      // A timer may be a moment early itself.
      await sleep(soon - now + 10, ended.signal)
      if (!ended.signal.aborted) await lookAt(schedule, parts)
    } catch (error) {
      // The next tick finds what this one missed.
      parts.log.warn({ err: error, schedule: schedule.name }, 'could not ask for due slots')
    }
  }
  const look = (schedule: Schedule): Promise<void> => {
    const asking = askInTime(schedule).finally(() => looking.delete(asking))
    looking.add(asking)
    return asking
  }
  const tasks: ScheduledTask[] = []
  for (const schedule of table) {
    void look(schedule)
    tasks.push(startCron(schedule.cron, () => look(schedule), { timezone: schedule.zone, noOverlap: true }))
    // Finds, within a minute, what a tick could not do while Postgres was away.
    tasks.push(startCron('* * * * *', () => look(schedule), { noOverlap: true }))
  }
  return {
    stop: async () => {
      ended.abort()
      for (const task of tasks) await task.destroy()
      await Promise.all(looking)
    },
  }
}

async function main(): Promise<void> {
  const config = orEnd(() => readConfig())
  checkSchedules(schedules, registry)
  const log = createLog({ level: config.logLevel, process: 'clock' })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const parts = { config, log, metrics, lifecycle, process: 'clock' }
  const asking = openAsking(parts)
  const health = await startHealth({
    host: config.http.host,
    port: config.http.healthPort,
    registry: metrics.registry,
    live: () => true,
    ready: async () => ({ postgres: await isReady(asking.database.run, log) }),
    log,
  })
  lifecycle.onStop('health', () => health.close())
  await findLedger(asking, parts)
  if (lifecycle.stopping.aborted) return
  const clock = startClock(schedules, { ...asking, metrics, log })
  lifecycle.onStop('clock', () => clock.stop())
  log.info({ schedules: schedules.map((schedule) => schedule.name) }, 'the clock ticks')
}

if (import.meta.main) await main()
