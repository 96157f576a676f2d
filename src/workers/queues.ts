import type { QueueName } from '../jobs/define.ts'

/** How wide each kind of work runs in one worker process. One process may serve several queues. */
export const queues: Record<QueueName, { concurrency: number }> = {
  // Short work on Postgres and the disk: many at once share one commit.
  quick: { concurrency: 50 },
  // Waiting for a provider most of the time, and for their turn: who is not here cannot be served evenly. Each may hold
  // the text of a document; files are looked at in processes of their own, of which there are never many.
  documents: { concurrency: 64 },
  // Bound by the processor.
  media: { concurrency: 2 },
  // What nobody waits for: little at once, but one that waits for a store that is away does not hold up the others.
  maintenance: { concurrency: 3 },
}
