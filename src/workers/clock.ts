import { randomUUID } from 'node:crypto'
import { schedule as startCron, type ScheduledTask } from 'node-cron'
import { registry } from '../jobs/index.ts'
import { lastSlot, takeSlot } from '../jobs/ledger/slots.ts'
import { openAsking, type Asking } from '../jobs/open.ts'
import { readConfig } from '../shared/config.ts'
import { within } from '../shared/database.ts'
import { startHealth } from '../shared/health.ts'
import { startLifecycle } from '../shared/lifecycle.ts'
import { createLog, type Log } from '../shared/log.ts'
import { createMetrics, type Metrics } from '../shared/metrics.ts'
import { checkSchedules, schedules, slotsAfter, type Schedule } from './schedule.ts'

export interface ClockParts extends Pick<Asking, 'database' | 'accept'> {
  metrics: Metrics
  log: Log
}

/**
 * Asks for every slot of a schedule that is due and not decided on yet. Any number of replicas may do so at any time:
 * the row of a slot is written once, in the transaction that accepts its job.
 * @returns the slots this call asked for, as milliseconds since 1970.
 */
export async function askForDueSlots(
  schedule: Schedule,
  parts: ClockParts,
  now: number = Date.now(),
): Promise<number[]> {
  const { database, metrics, log } = parts
  const last = await lastSlot(database.run, schedule.name)
  if (last === undefined) {
    // A schedule that was never seen before has missed nothing.
    await takeSlot(database.run, { schedule: schedule.name, at: now, outcome: 'first seen', job: undefined })
    return []
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
  return asked
}

/** A slot asked for later than this was missed. */
const LATE = 60_000

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
    const [entered] = outcome === 'asked' ? await accept.in(tx, [schedule.ask(new Date(slot))], trace) : []
    if (await takeSlot(run, { schedule: schedule.name, at: slot, outcome, job: entered?.id })) return true
    // Somebody else decided; whatever was accepted here is the job they accepted, by its key.
    return false
  })
}

/** Ticks for every schedule, and looks for missed slots at once. */
export function startClock(table: Schedule[], parts: ClockParts): { stop(): Promise<void> } {
  const look = async (schedule: Schedule): Promise<void> => {
    try {
      await askForDueSlots(schedule, parts)
    } catch (error) {
      // The next tick finds what this one missed.
      parts.log.warn({ err: error, schedule: schedule.name }, 'could not ask for due slots')
    }
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
      for (const task of tasks) await task.destroy()
    },
  }
}

async function main(): Promise<void> {
  const config = readConfig()
  checkSchedules(schedules, registry)
  const log = createLog({ level: config.logLevel, process: 'clock' })
  const lifecycle = startLifecycle(log, config)
  const metrics = createMetrics()
  const asking = openAsking({ config, log, metrics, lifecycle, process: 'clock' })
  const health = await startHealth({
    host: config.http.host,
    port: config.http.healthPort,
    registry: metrics.registry,
    live: () => true,
    ready: async () => ({ postgres: await answers(asking) }),
    log,
  })
  lifecycle.onStop('health', () => health.close())
  const clock = startClock(schedules, { ...asking, metrics, log })
  lifecycle.onStop('clock', () => clock.stop())
  log.info({ schedules: schedules.map((schedule) => schedule.name) }, 'the clock ticks')
}

async function answers({ database }: Asking): Promise<boolean> {
  try {
    await database.run({ name: 'clock.ping', text: 'select 1' }, [])
    return true
  } catch {
    return false
  }
}

if (import.meta.main) await main()
