import type { Run } from '../../shared/database.ts'

/** A message that could not be read, or that nothing follows from though something should. */
export interface RejectedMessage {
  id: string
  source: string
  messageId: string
  reason: string
  body: string
}

/** One that is kept, as operators see it. */
export type KeptMessage = Omit<RejectedMessage, 'body'> & { receivedAt: Date }

/** Keeps rejected messages for an operator; each is kept once, however often it is delivered. */
export async function keepRejected(run: Run, messages: RejectedMessage[]): Promise<void> {
  await run(insertRejected, [JSON.stringify(messages)])
}

/** The newest rejected messages, without their bodies unless asked for. */
export const listRejected = (run: Run, limit: number): Promise<KeptMessage[]> => run(newestRejected, [limit])

export async function readRejected(
  run: Run,
  id: string,
): Promise<(KeptMessage & { body: string }) | undefined> {
  const [row] = await run<KeptMessage & { body: string }>(oneRejected, [id])
  return row
}

/** Bodies beyond 256 KiB are cut: the reason matters more than the rest. */
const insertRejected = {
  name: 'ledger.keep-rejected',
  text: `
insert into millrace.rejected_messages (id, source, message_id, reason, body)
select id, source, "messageId", reason, left(body, 262144)
from json_to_recordset($1::json) as m (id uuid, source text, "messageId" text, reason text, body text)
on conflict (source, message_id) do nothing`,
}

const newestRejected = {
  name: 'ledger.list-rejected',
  text: `select id, source, message_id as "messageId", reason, received_at as "receivedAt" from millrace.rejected_messages order by received_at desc, id limit $1`,
}

const oneRejected = {
  name: 'ledger.read-rejected',
  text: `select id, source, message_id as "messageId", reason, received_at as "receivedAt", body from millrace.rejected_messages where id = $1`,
}
