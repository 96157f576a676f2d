import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import { ask, backingOff, commit, defineJob, done, type Job } from '../../src/jobs/define.ts'
import { GiveUp, Throttled } from '../../src/shared/errors.ts'
import { seconds, sleep } from '../../src/shared/time.ts'

/** Retries at once, so that a test is about what happens and not about when. */
const soon = { attempts: 3, delay: () => 1 }

/** Does nothing, as often as it is asked. */
export const doNothing = defineJob({
  name: 'millrace.do-nothing',
  queue: 'quick',
  data: z.strictObject({ key: z.string() }),
  key: ({ key }) => key,
  owner: ({ key }) => `anki:${key}`,
  again: 'never',
  retry: soon,
  timeout: seconds(10),
  run: async () => done({ nothing: true }),
})

const walk = z.strictObject({
  key: z.string(),
  /** Where the walk leaves its traces. */
  directory: z.string(),
  /** The step at which it waits until the file `go` exists in the directory. */
  waitAt: z.enum(['start', 'made', 'writing', 'nowhere']).default('nowhere'),
  /** Does not listen to its signal while it waits. */
  deaf: z.boolean().default(false),
  /** What happens at the end of the attempt. */
  ends: z.enum(['well', 'badly', 'for good', 'throttled']).default('well'),
  undoFails: z.number().default(0),
})

/**
 * A job with an effect on the disk (a directory `made`), an effect in Postgres (a row in public.effects) and named
 * steps that a test can stop it at. Every step is a line in the file `steps`.
 */
export const walkSteps: Job<typeof walk, { walked: boolean }> = defineJob({
  name: 'millrace.walk-steps',
  queue: 'quick',
  data: walk,
  key: ({ key }) => key,
  again: 'afterSettled',
  retry: soon,
  timeout: seconds(60),

  async run(data, { signal, progress }) {
    const at = async (step: string): Promise<void> => {
      await appendFile(path.join(data.directory, 'steps'), `${step} ${process.pid}\n`)
      if (data.waitAt === step) await untilGo(data.directory, data.deaf ? undefined : signal)
    }
    await at('start')
    await mkdir(path.join(data.directory, 'made'), { recursive: true })
    progress(50, 'made')
    await at('made')
    if (data.ends === 'badly') throw new Error('this attempt ends badly')
    if (data.ends === 'for good') throw new GiveUp('no-use', 'trying again cannot help')
    if (data.ends === 'throttled') throw new Throttled('mill', 30)
    return commit(async (tx) => {
      await at('writing')
      await sql`insert into public.effects (job, pid) values (${data.key}, ${process.pid})`.execute(tx)
      return done({ walked: true })
    })
  },

  async undo(data) {
    await appendFile(path.join(data.directory, 'steps'), `undo ${process.pid}\n`)
    const undos = (await stepsOf(data.directory)).filter((step) => step === 'undo').length
    if (undos <= data.undoFails) throw new Error('this undo fails')
    await rm(path.join(data.directory, 'made'), { recursive: true, force: true })
  },

  onFailed: async (tx, data, verdict) => {
    await sql`insert into public.failures (job, verdict) values (${data.key}, ${verdict})`.execute(tx)
    return [ask(doNothing, { key: `after ${data.key}` })]
  },
})

/** Runs until it is told to stop, and listens. */
export const waitForStop = defineJob({
  name: 'millrace.wait-for-stop',
  queue: 'quick',
  data: z.strictObject({ key: z.string() }),
  key: ({ key }) => key,
  again: 'rerunIfActive',
  retry: backingOff(3, 1),
  timeout: seconds(60),
  async run(_data, { signal, progress }) {
    progress(10, 'waiting')
    await sleep(seconds(50), signal)
    signal.throwIfAborted()
    return done({ stopped: false })
  },
})

const mark = z.strictObject({ key: z.string(), directory: z.string() })

/** Light, so that its tickets travel in bundles. Tells the file `steps` that it began, waits for `go`, leaves a row. */
export const leaveMark: Job<typeof mark, { marked: boolean }> = defineJob({
  name: 'millrace.leave-mark',
  queue: 'quick',
  data: mark,
  key: ({ key }) => key,
  again: 'never',
  retry: soon,
  timeout: seconds(60),
  light: true,
  async run({ key, directory }, { signal }) {
    await appendFile(path.join(directory, 'steps'), `began ${process.pid}\n`)
    await untilGo(directory, signal)
    return commit(async (tx) => {
      await sql`insert into public.effects (job, pid) values (${key}, ${process.pid})`.execute(tx)
      return done({ marked: true })
    })
  },
})

export const testJobs: Job[] = [doNothing, walkSteps, waitForStop, leaveMark]

/** The tables the jobs above write to. */
export const effectTables = `
create table public.effects (id bigint generated always as identity, job text, pid int);
create table public.failures (job text, verdict text)`

/** The steps that were reached so far, in order, without the process ids. */
export async function stepsOf(directory: string): Promise<string[]> {
  return (await readLines(directory)).map((line) => line.split(' ')[0] as string)
}

/** Waits until a step was reached for the `count`-th time. */
export async function reached(directory: string, step: string, count = 1): Promise<void> {
  while ((await stepsOf(directory)).filter((each) => each === step).length < count) await sleep(10)
}

export const letGo = (directory: string): Promise<void> => writeFile(path.join(directory, 'go'), '')

export async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch((error: NodeJS.ErrnoException) => error.code)) !== 'ENOENT'
}

async function untilGo(directory: string, signal: AbortSignal | undefined): Promise<void> {
  while (!(await exists(path.join(directory, 'go')))) {
    signal?.throwIfAborted()
    await sleep(10)
  }
}

async function readLines(directory: string): Promise<string[]> {
  const file = path.join(directory, 'steps')
  if (!(await exists(file))) return []
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}
