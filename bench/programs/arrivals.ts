import { quantile } from '../numbers.ts'
import { say } from './say.ts'

/** Either jobs that arrive on schedule, whatever became of the ones before, or one after the other with a pause. */
export type ArrivalOrder = { perSecond: number; seconds: number } | { oneAtATime: number; pauseMs: number }

/** From asking to holding the result, in milliseconds. */
export interface Latency {
  jobs: number
  p50: number
  p99: number
  most: number
  /** How late the arrivals were, measured against their schedule: the load's own fault. */
  lateP99: number
}

/** Carries out what the bench orders: `one` asks for a job and ends when its result is known. */
export function serveArrivals(one: () => Promise<void>): void {
  process.on('message', (order: ArrivalOrder) => {
    const measuring = 'perSecond' in order ? onSchedule(one, order) : oneByOne(one, order)
    measuring.then(
      (latency) => say('measured', latency),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
  say('up')
}

async function onSchedule(
  one: () => Promise<void>,
  order: { perSecond: number; seconds: number },
): Promise<Latency> {
  const jobs = Math.round(order.perSecond * order.seconds)
  const gap = 1000 / order.perSecond
  const began = performance.now()
  const late: number[] = []
  const open: Promise<number>[] = []
  while (open.length < jobs) {
    for (let due = began + open.length * gap; due <= performance.now() && open.length < jobs; due += gap) {
      late.push(performance.now() - due)
      open.push(timed(one))
    }
    await pause(Math.max(0, began + open.length * gap - performance.now()))
  }
  return summary(await Promise.all(open), late)
}

async function oneByOne(
  one: () => Promise<void>,
  order: { oneAtATime: number; pauseMs: number },
): Promise<Latency> {
  const times: number[] = []
  while (times.length < order.oneAtATime) {
    if (order.pauseMs > 0) await pause(order.pauseMs)
    times.push(await timed(one))
  }
  return summary(times, [0])
}

async function timed(one: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await one()
  return performance.now() - began
}

const summary = (times: number[], late: number[]): Latency => ({
  jobs: times.length,
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
  most: Math.max(...times),
  lateP99: quantile(late, 0.99),
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
