import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createState, type Ended } from './states.ts'

describe('the demo', () => {
  const state = createState()
  afterAll(() => state[Symbol.asyncDispose]())
  let first: Ended

  test('shows a sign-up becoming a profile and a directory, and leaves nothing running', async () => {
    first = await state.run('demo', '--exit')

    expect(first.stderr).toBe('')
    expect(first.code).toBe(0)
    expect(state.processes()).toEqual([])
    expect(state.hasStackFile()).toBe(false)
    const [user = ''] = readdirSync(state.collections)
    expect(statSync(path.join(state.collections, user)).mode & 0o7777).toBe(0o2775)
    for (const fact of [
      `Ada signed up in Cognito as ada@example.org and is ${user} there`,
      'completed',
      '"state": "completed"',
      `anki.user_profiles  ${user}  ada`,
      `${user}/  mode 2775`,
      `${user} with a hash of 80 characters`,
      '200 {"profile":true,"collection":true,"ready":true}, and nothing has changed',
      '201 {"id":',
      '200 {"id":',
      '/operators/queues as operator',
      'npm run -s token',
    ]) {
      expect(first.stdout).toContain(fact)
    }
  })

  test('shows the same once more beside what is there already, as JSON if wanted', async () => {
    const second = await state.run('demo', '--exit', '--json')

    expect(second.code).toBe(0)
    expect(second.stderr).toContain('ada@example.org is here from an earlier run, with a profile since')
    const facts = JSON.parse(second.stdout) as DemoFacts
    expect(facts.anki.job.state).toBe('completed')
    expect(facts.anki.askedAgain).toMatchObject({ status: 200, changed: false })
    expect(facts.rundi.first.status).toBe(201)
    expect(facts.rundi.second).toEqual({ ...facts.rundi.first, status: 200 })
    expect(readdirSync(state.collections)).toHaveLength(2)
    expect(readdirSync(state.collections)).toContain(facts.anki.sub)
    expect(state.processes()).toEqual([])
  })

  test('ends with one clear line and nothing running when a store is not there', async () => {
    const broken = createState({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' })

    const { code, stderr } = await broken.run('demo', '--exit')

    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('the Postgres of DATABASE_URL does not answer'),
    ])
    expect(broken.processes()).toEqual([])
    expect(broken.hasStackFile()).toBe(false)
    await broken[Symbol.asyncDispose]()
  })

  test('stays up until Ctrl-C', async () => {
    const demo = state.start('demo')
    await demo.says('stays up until Ctrl-C')
    const { web } = await state.stack()
    expect((await fetch(`${web}/livez`)).status).toBe(200)

    demo.signal('SIGINT')

    expect(await demo.exited).toBe(0)
    expect(state.processes()).toEqual([])
    expect(state.hasStackFile()).toBe(false)
  })

  test('can be interrupted while it starts', async () => {
    const demo = state.start('demo')
    await demo.says('Redis')

    demo.signal('SIGTERM')

    expect(await demo.exited).toBe(130)
    expect(state.processes()).toEqual([])
  })

  test('asks for no arguments but its own', async () => {
    const { code, stderr } = await state.run('demo', '--fast')
    expect(code).toBe(2)
    expect(stderr).toContain('usage: npm run demo')
  })
})

interface DemoFacts {
  anki: { sub: string; job: { state: string }; askedAgain: { status: number; changed: boolean } }
  rundi: Record<'first' | 'second', { status: number; body: object }>
}
