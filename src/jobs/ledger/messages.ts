import type { Run } from '../../shared/database.ts'

/** A message that could not be read, or that nothing follows from though something should. */
export interface RejectedMessage {
  id: string
  source: string
  messageId: string
  reason: string
  body: string
}

/** Keeps rejected messages for an operator; each is kept once, however often it is delivered. */
export async function keepRejected(run: Run, messages: RejectedMessage[]): Promise<void> {
  await run(insertRejected, [JSON.stringify(messages)])
}

/** The newest rejected messages, without their bodies unless asked for. */
export const listRejected = (
  run: Run,
  limit: number,
): Promise<{ id: string; source: string; message_id: string; reason: string; received_at: Date }[]> =>
  run(newestRejected, [limit])

export async function readRejected(
  run: Run,
  id: string,
): Promise<{ id: string; reason: string; body: string } | undefined> {
  const [row] = await run<{ id: string; reason: string; body: string }>(oneRejected, [id])
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
  text: `select id, source, message_id, reason, received_at from millrace.rejected_messages order by received_at desc, id limit $1`,
}

const oneRejected = {
  name: 'ledger.read-rejected',
  text: `select id, reason, body from millrace.rejected_messages where id = $1`,
}
