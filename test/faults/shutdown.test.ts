import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ask } from '../../src/jobs/define.ts'
import { history } from '../../src/jobs/ledger/read.ts'
import { leavesWithin } from '../../src/shared/lifecycle.ts'
import { seconds } from '../../src/shared/time.ts'
import { effectTables, reached, testJobs, walkSteps } from '../support/jobs.ts'
import { createWorld } from '../support/world.ts'

const trace = 'e'.repeat(32)

test('a job that does not listen goes back unspent too: the process has the time to stop that it takes', async () => {
  await using world = await createWorld({ jobs: testJobs, setup: effectTables })
  const worker = world.start('test/support/worker.ts', [], { LOG_LEVEL: 'info', SHUTDOWN_GRACE_SECONDS: '1' })
  const { id } = await world.asking.accept.now(
    ask(walkSteps, { key: 'Ada', directory: world.directory, waitAt: 'made', deaf: true }),
    trace,
  )
  await reached(world.directory, 'made')
  const began = performance.now()
  worker.signal('SIGTERM')
  await worker.exited

  expect(performance.now() - began).toBeLessThan(leavesWithin(seconds(1)))
  const kinds = (await history(world.database.run, id, 0)).map((entry) => entry.kind)
  expect(kinds.at(-1), worker.output()).toBe('handed back')
  expect(await world.see(id)).toMatchObject({ state: 'waiting', attempts: 0 })
  expect(worker.output()).toContain('"msg":"stopped"')
  expect(worker.output()).not.toContain('closing took too long')
  const leases = await sql`select 1 from millrace.leases where valid_until > now()`.execute(
    world.database.sql,
  )
  expect(leases.rows, 'the lease was given back').toEqual([])
})

test('the compose file gives a process the time to stop that it may take', () => {
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { stop_grace_period?: string; environment?: Record<string, unknown> }>
  }
  const { stop_grace_period: given = '', environment = {} } = services['worker'] ?? {}
  const grace = seconds(Number(environment['SHUTDOWN_GRACE_SECONDS']))
  expect(given).toMatch(/^\d+s$/)
  expect(seconds(Number.parseInt(given, 10))).toBeGreaterThan(leavesWithin(grace))
})
