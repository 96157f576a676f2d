import type { Run } from '../../shared/database.ts'

/** Remembers that a provider wants a pause, for all workers; a shorter one never cuts a longer one. */
export async function pauseProvider(run: Run, name: string, ms: number): Promise<void> {
  await run(pause, [name, ms])
}

const pause = {
  name: 'ledger.pause-provider',
  text: `
insert into millrace.providers (name, paused_until) values ($1, now() + $2::float8 * interval '1 millisecond')
on conflict (name) do update set paused_until = greatest(millrace.providers.paused_until, excluded.paused_until)`,
}
