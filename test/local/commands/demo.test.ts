import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { shorten, wrap } from '../../../local/commands/demo/iep/show.ts'
import { clockIn, findNight } from '../../../local/commands/demo/lockin/clocks.ts'
import { drawRace } from '../../../local/commands/demo/lockin/race.ts'
import { listen } from '../../../local/commands/demo/listen.ts'
import { createScreen } from '../../../local/commands/demo/screen.ts'
import { startMistral } from '../../../local/mistral/server.ts'
import type { Stack } from '../../../local/stack/run.ts'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createState, type Ended } from './states.ts'

describe('the demo', { timeout: 240_000 }, () => {
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
      'checked and made anew',
      '512 × 512, webp, nothing else in it',
      'Ada makes the group "Night readers"',
      'which is 1:00:00 of today and 1:00:00 of yesterday',
      'Pausing it twice: 409 wrong-move',
      'Linus sent nothing and has two logs of it',
      '→ Linus  group_invite      Ada invites you to Night readers',
      'by the clock alone',
      '→ Grace  generic           A short sprint has ended',
      'the invite of Linus is withdrawn',
      'a new session in it is refused: 409 group-archived',
      'Grace has an account in Cognito and is nobody in Pre-Work: 403 not-a-user',
      'Somebody else with the address ADA@EXAMPLE.ORG: 409 email-taken',
      'Mill at dawn.jpg is completed',
      'what the phone sent is gone from S3',
      'there she approves version 2:\n    409 changed-meanwhile',
      'draft → submitted → under_review → approved',
      'plan.png is failed',
      'Of it S3 has 0 objects left.',
      'as the audit log has it, which nobody can write to: 15 entries',
      'Grace signed up in Cognito as grace@example.org',
      'There is an IEP of 14 pages',
      'The same paper from a scanner',
      '/operators/queues as operator',
      'npm run -s token',
    ]) {
      expect(first.stdout).toContain(fact)
    }
    for (const fact of [
      /100 % {2}en ✓ {2}es ✓ {2}zh ✓ {2}vi ✓ {2}done/g,
      /Present Levels [\d, ]+ · .*Services 10/g,
      /en {2}[1-9]\d* looked at/g,
      /vi {2}[1-9]\d* looked at/g,
      /was not shown \d+ × address, 4 × email, \d+ × id, \d+ × phone, 1 × ssn/g,
      /14 pages read, .* in \d+ calls\. From Mistral that would have cost \$0\.[1-9]/g,
    ])
      expect(first.stdout.match(fact), String(fact)).toHaveLength(2) // the printed one and the scanned one
    for (const [fact, times] of [
      [/^ +small +300 × 300 +webp +\d+ kB\n +http:\S+-small\.webp\?/gm, 1],
      [/^ +large +900 × 1200 +webp +\d+ kB\n +http:\S+-large\.webp\?/gm, 1],
      [/^ +download +3024 × 4032 +jpeg/gm, 1],
      [/^ +[\d:.]{12} {2}(server|Grace|Ada) +[\w-]+ (user|profile|media|submission) /gm, 15],
      [/^ +[\d:.]{12} {2}Grace +review submission North wheel repaired +status under_review → approved/gm, 1],
      [/→ \w+ +milestone_member {2}In Night readers, Grace reached the target/g, 2 * 3], // two days
      [/→ \w+ +milestone_member {2}In Night readers, (Linus|Ada) reached the target/g, 2 * 3],
      [/→ \w+ +milestone_group {3}In Night readers, all members reached the target/g, 3],
      [/^ {4}(Ada|Grace|Linus) +█{30} {2}\d:\d\d:\d\d of \d:\d\d:00 {2}✓$/gm, 1 + 3], // before and after
    ] as const)
      expect(first.stdout.match(fact), String(fact)).toHaveLength(times)
  })

  // Half of the next one is a wait for the clock, in which the others have the machine.
  test.concurrent('ends with the sentence a parent reads when a document cannot be read', async ({
    onTestFinished,
  }) => {
    const mistral = await startMistral()
    onTestFinished(() => mistral.stop())
    mistral.dials.set({ does: 'rate-limit', path: '/v1/ocr', times: 100, limit: 0 })
    const broken = createState({ MISTRAL_API_KEY: mistral.apiKey, MISTRAL_URL: mistral.url })

    const { code, stderr } = await broken.run('demo', '--exit', '--only', 'documents')

    expect(code).toBe(1)
    expect(stderr).toContain('the document is OCR_FAILED: We could not read this document.')
    expect(broken.processes()).toEqual([])
    await broken[Symbol.asyncDispose]()
  })

  test.concurrent('shows the same once more beside what is there already, as JSON if wanted', async () => {
    const second = await state.run('demo', '--exit', '--json', '--only', 'users,group,photo')

    expect([second.code, second.code === 0 ? '' : second.stderr]).toEqual([0, ''])
    expect(second.stderr).toContain('ada@example.org is here from an earlier run, with a profile since')
    const facts = JSON.parse(second.stdout) as DemoFacts
    expect(facts.anki.job.state).toBe('completed')
    expect(facts.anki.askedAgain).toMatchObject({ status: 200, changed: false })
    expect(facts.rundi.first.status).toBe(201)
    expect(facts.rundi.second).toEqual({ ...facts.rundi.first, status: 200 })
    const { photo, submission, broken, refused, trail } = facts.prework
    expect(photo.kept).toHaveLength(3)
    expect(photo.thumbnails).toMatchObject({ small: { format: 'webp' }, large: { format: 'webp' } })
    expect(submission).toMatchObject({ status: 'approved', mediaFiles: [photo.media.mediaId] })
    expect(broken).toMatchObject({ kept: 0, media: { uploadStatus: 'failed' } })
    expect(refused).toEqual({ address: 'email-taken', stale: 'changed-meanwhile' })
    expect(trail).toHaveLength(15)
    const { midnight, told, race, ended } = facts.lockin
    expect(midnight).toEqual([3600, 3600])
    expect(told).toEqual({
      Ada: expect.objectContaining({ milestone_member: 4, milestone_group: 1 }),
      Grace: expect.objectContaining({ group_invite: 1, milestone_member: 4, milestone_group: 1 }),
      Linus: expect.objectContaining({ group_invite: 2, milestone_member: 4, milestone_group: 1 }),
    })
    expect(race.map(({ goal_met: met }) => met)).toEqual([true, true, true])
    expect(ended).toMatchObject({ session: { status: 'ended', ended_at: ended.endsAt }, invite: 'withdrawn' })
    expect(ended.archivedAt > ended.endsAt).toBe(true)
    expect(readdirSync(state.collections)).toHaveLength(2)
    expect(readdirSync(state.collections)).toContain(facts.anki.sub)
    expect(state.processes()).toEqual([])
  })

  test.concurrent('ends with one clear line and nothing running when a store is not there', async () => {
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

  test.concurrent('can be interrupted while it starts', async () => {
    await using interrupted = createState()
    const demo = interrupted.start('demo')
    await demo.says('Redis')

    demo.signal('SIGTERM')

    expect(await demo.exited).toBe(130)
    expect(interrupted.processes()).toEqual([])
  })

  test.concurrent('asks for no arguments but its own', async () => {
    await using unused = createState()
    for (const args of [['--fast'], ['--only', 'usrs']]) {
      const { code, stderr } = await unused.run('demo', ...args)
      expect(code).toBe(2)
      expect(stderr).toContain('usage: npm run demo')
    }
    expect((await unused.run('bench', '--foo')).code).toBe(2)
  })

  test('stays up until Ctrl-C', async () => {
    const demo = state.start('demo', '--only', 'users')
    await demo.says('stays up until Ctrl-C')
    const { web } = await state.stack()
    expect((await fetch(`${web}/livez`)).status).toBe(200)

    demo.signal('SIGINT')

    expect(await demo.exited).toBe(0)
    expect(state.processes()).toEqual([])
    expect(state.hasStackFile()).toBe(false)
  })
})

interface DemoFacts {
  anki: { sub: string; job: { state: string }; askedAgain: { status: number; changed: boolean } }
  rundi: Record<'first' | 'second', { status: number; body: object }>
  prework: {
    photo: { media: { mediaId: string }; kept: object[]; thumbnails: object }
    submission: object
    broken: object
    refused: object
    trail: object[]
  }
  lockin: {
    midnight: number[]
    told: Record<string, Record<string, number>>
    race: { goal_met: boolean }[]
    ended: { endsAt: string; archivedAt: string; session: object; invite: string }
  }
}

describe('the night of the demo', () => {
  test('is an hour old somewhere at any hour of the year', () => {
    const shown = (zone: string, instant: Date) => clockIn(zone, instant, { second: '2-digit' })
    for (const month of ['01', '04', '07', '10'])
      for (let hour = 0; hour < 24; hour += 1) {
        const now = new Date(`2026-${month}-15T${String(hour).padStart(2, '0')}:59:59.900Z`)
        const { zone, midnight } = findNight(now)
        expect(shown(zone, midnight), zone).toBe('00:00:00')
        expect(shown(zone, now), zone).toBe('01:59:59')
        expect(now.getTime() - midnight.getTime()).toBe(2 * 3_600_000 - 100)
      }
  })

  test('draws a full bar for those alone who have met their target', () => {
    const of = (id: string, done: number, target: number) => ({
      user_id: id,
      seconds_done: done,
      target_minutes: target,
      goal_met: done >= target * 60,
      period_start: '',
      period_end: '',
    })
    const race = [of('Ada', 0, 60), of('Grace', 3599, 60), of('Linus', 7205, 90)]

    expect(drawRace(race, (id) => id, 10)).toEqual([
      'Linus  ██████████  2:00:05 of 1:30:00  ✓',
      'Grace  █████████░  0:59:59 of 1:00:00',
      'Ada    ░░░░░░░░░░  0:00:00 of 1:00:00',
    ])
  })
})

describe('the screen of the demo', () => {
  test('changes a line in place on a terminal, and cuts what would wrap', () => {
    const { screen, written } = createTestScreen({ isTTY: true, columns: 24 })
    screen.say('a story')
    screen.live('10 %')
    screen.live('10 %')
    screen.live('a line that is longer than the terminal')
    screen.say('trouble')
    screen.live('100 %')
    screen.keep()
    screen.say('the end')

    const erase = '\r\u001B[2K'
    expect(written()).toBe(`a story\n10 %${erase}a line that is longer t${erase}trouble\n100 %\nthe end\n`)
  })

  test('tells a changing line as lines where there is no terminal', () => {
    const { screen, written } = createTestScreen({ isTTY: false })
    for (const line of ['10 %', '10 %', '20 %']) screen.live(line)
    screen.keep()
    screen.say('the end')

    expect(written()).toBe('10 %\n20 %\nthe end\n')
  })

  test('has room for pictures where a terminal shows all colours, and nowhere else', () => {
    const room = (terminal: { isTTY: boolean; columns?: number; getColorDepth?: () => number }): number =>
      createTestScreen(terminal).screen.canvas()
    expect(room({ isTTY: true, columns: 120, getColorDepth: () => 24 })).toBe(120)
    expect(room({ isTTY: true, columns: 120, getColorDepth: () => 8 })).toBe(0)
    expect(room({ isTTY: false })).toBe(0)
  })

  function createTestScreen(terminal: object) {
    const stream = Object.assign(new PassThrough(), terminal)
    const screen = createScreen(stream as unknown as NodeJS.WriteStream)
    return { screen, written: () => String(stream.read()) }
  }

  test('shortens a text by the columns it takes', () => {
    expect(shorten('Ada  reads\nwell', 20)).toBe('Ada reads well')
    expect(shorten('Ada reads well', 9)).toBe('Ada reads…')
    expect(shorten('艾达读得很好', 5)).toBe('艾达…')
    expect(wrap('Ada reads well and likes birds', 10, 2)).toEqual(['Ada reads', 'well and…'])
    expect(wrap('Ada reads well', 10, 5)).toEqual(['Ada reads', 'well'])
  })
})

test('a stream that breaks off is resumed after what was heard last, until it says that no more will come', async () => {
  const asked: unknown[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers['last-event-id'])
    if (asked.length === 3) response.writeHead(204).end()
    else response.end(`id: ${asked.length}\ndata: ${asked.length} of 2\n\nid: unfinished\nda`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stack = { facts: () => ({ web }), signal: new AbortController().signal } as unknown as Stack

  const heard: string[] = []
  const signal = AbortSignal.timeout(20_000)
  for await (const { data } of listen(stack, { path: '/events', headers: {}, signal })) heard.push(data)

  expect(heard).toEqual(['1 of 2', '2 of 2'])
  expect(asked).toEqual([undefined, '1', '2'])
})
