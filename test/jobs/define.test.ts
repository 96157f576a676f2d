import { expect, test } from 'vitest'
import { backingOff, register, type Job } from '../../src/jobs/define.ts'
import { registry } from '../../src/jobs/index.ts'
import { doNothing } from '../support/jobs.ts'

const job: Job = doNothing

test('every job of the product is registered under its own name', () => {
  expect([...registry.keys()].length).toBeGreaterThan(0)
  for (const [name, each] of registry) expect(each.name).toBe(name)
})

test('two jobs of one name, and a job without a queue, are refused with a sentence', () => {
  expect(() => register([job, job])).toThrow('Two jobs are called millrace.do-nothing.')
  expect(() => register([{ ...job, queue: undefined as never }])).toThrow(
    /^The job millrace.do-nothing has no queue/,
  )
  expect(() => register([{ ...job, name: 'millrace.DoNothing' }])).toThrow(/not product.verb-noun/)
  expect(() => register([{ ...job, retry: { attempts: 0, delay: () => 0 } }])).toThrow('has no attempts')
  expect(() => register([{ ...job, timeout: 0 }])).toThrow('has no timeout')
})

test('waiting doubles from attempt to attempt, half of it at random, and never passes ten minutes', () => {
  const { delay } = backingOff(20, 1000)

  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const full = Math.min(1000 * 2 ** (attempt - 1), 600_000)
    const waits = Array.from({ length: 50 }, () => delay(attempt))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(full / 2)
    expect(Math.max(...waits)).toBeLessThanOrEqual(full)
    expect(new Set(waits).size).toBeGreaterThan(1)
  }
})
