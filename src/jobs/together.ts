import type { Database } from '../shared/database.ts'
import type { Attempt } from './attempt.ts'
import { batched } from './batch.ts'
import type { Lease } from './lease.ts'
import { claim, type Refusal } from './ledger/claim.ts'
import { noteProgress, type Progress } from './ledger/progress.ts'
import type { Claimed } from './ledger/rows.ts'
import { completeMany } from './ledger/settle.ts'
import type { Tell } from './tell.ts'

/** What neighbouring attempts do in one statement and one commit. */
export interface Together {
  claim(attempt: Attempt): Promise<Claimed | Refusal>
  /** Settles an attempt that wrote nothing of its own; false when it could not be settled this way. */
  complete(done: { id: string; ticket: number; worker: string; result: unknown }): Promise<boolean>
  note(progress: Progress & { worker: string }): Promise<void>
}

export function createTogether({
  database,
  tell,
  lease,
}: {
  database: Database
  tell: Tell
  lease: Pick<Lease, 'doubt'>
}): Together {
  /** Postgres may have claimed what it could not say any more; asked again, it calls the ticket stale. */
  const claimOrDoubt = async (worker: string, group: Attempt[]): Promise<(Claimed | Refusal)[]> => {
    try {
      return await claim(database.run, worker, group)
    } catch (error) {
      lease.doubt()
      throw error
    }
  }
  const claimTogether = batched<Attempt, Claimed | Refusal>((attempts) => perWorker(attempts, claimOrDoubt), {
    lanes: 1,
    size: 500,
  })

  const completeTogether = batched<{ id: string; ticket: number; worker: string; result: unknown }, boolean>(
    (items) =>
      perWorker(items, async (worker, group) => {
        const settled = await completeMany(database.run, worker, group)
        tell(...settled)
        return group.map((item) => settled.has(item.id))
      }),
    { lanes: 1, size: 500 },
  )

  const noteTogether = batched<Progress & { worker: string }, void>(
    (items) =>
      perWorker(items, async (worker, group) => {
        const latest = new Map(group.map((item) => [item.id, item]))
        await noteProgress(database.run, worker, [...latest.values()])
        tell(...latest.keys())
        return group.map(() => undefined)
      }),
    { lanes: 1, size: 500 },
  )

  return { claim: claimTogether, complete: completeTogether, note: noteTogether }
}

/** Usually all items of a batch belong to one worker; around a lost lease they may not. */
async function perWorker<Item extends { worker: string }, Result>(
  items: Item[],
  work: (worker: string, group: Item[]) => Promise<Result[]>,
): Promise<Result[]> {
  const worker = items[0]?.worker as string
  if (items.every((item) => item.worker === worker)) return work(worker, items)
  const results = new Map<Item, Result>()
  for (const [name, group] of Map.groupBy(items, (item) => item.worker)) {
    for (const [index, result] of (await work(name, group)).entries())
      results.set(group[index] as Item, result)
  }
  return items.map((item) => results.get(item) as Result)
}
