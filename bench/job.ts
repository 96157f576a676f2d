import { sql } from 'kysely'
import { z } from 'zod'
import { commit, defineJob, done, patiently, type Job } from '../src/jobs/define.ts'
import { seconds } from '../src/shared/time.ts'

/** What every contestant's job carries: as much as a sign-up. */
export const payload = z.strictObject({ userId: z.uuid(), username: z.string(), email: z.email() })
export type Payload = z.output<typeof payload>

/** Where the jobs that write leave one row each; the same table for every contestant. */
export const effectsTable =
  'create table public.effects (job uuid not null, at timestamptz not null default now())'
export const insertEffect = 'insert into public.effects (job) values ($1)'

export interface BenchJobs {
  doNothing: Job<typeof payload, { ok: boolean }>
  writeOne: Job<typeof payload, { ok: boolean }>
  /** Does nothing either, but where `hangs` is set it never comes to an end. */
  mayHang: Job<typeof payload, { ok: boolean }>
}

/** The jobs of the bench; `ran` hears of every attempt. */
export function benchJobs(ran: () => void = () => undefined, { hangs = false } = {}): BenchJobs {
  const shared = {
    queue: 'quick',
    data: payload,
    key: ({ userId }: Payload) => userId,
    owner: ({ userId }: Payload) => `anki:${userId}`,
    again: 'never',
    retry: patiently,
    timeout: seconds(30),
    // As the sign-ups are whose payload they carry.
    light: true,
  } as const
  return {
    doNothing: defineJob({
      ...shared,
      name: 'millrace.bench-nothing',
      run: async () => {
        ran()
        return done({ ok: true })
      },
    }),
    writeOne: defineJob({
      ...shared,
      name: 'millrace.bench-write',
      run: async ({ userId }) => {
        ran()
        return commit(async (tx) => {
          await sql`insert into public.effects (job) values (${userId})`.execute(tx)
          return done({ ok: true })
        })
      },
    }),
    mayHang: defineJob({
      ...shared,
      name: 'millrace.bench-hang',
      run: async () => {
        ran()
        if (hangs) await new Promise<never>(() => undefined)
        return done({ ok: true })
      },
    }),
  }
}
