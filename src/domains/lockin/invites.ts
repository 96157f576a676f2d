import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { toNotification, type Notification, type NotificationRow } from './notifications.ts'

/** An invite is a notification; `made` is false when one waited for an answer already. */
export interface Invited {
  invite: Notification
  made: boolean
}

/**
 * Invites a person to a group. An owner's or admin's right.
 * @throws refuses 404 and 403 for others, 404 for a person nobody knows, 409 for a member or an archived group.
 */
export async function inviteMember(
  tx: Tx,
  { groupId, recipientId, by }: { groupId: string; recipientId: string; by: string },
): Promise<Invited> {
  const { rows } = await sql<NotificationRow & { made: boolean }>`
    select made, (invite).* from lockin.invite_member(${groupId}, ${recipientId}, ${by})`.execute(tx)
  const row = only(rows)
  return { invite: toNotification(row), made: row.made }
}

/**
 * An invite to this group, for its owner and admins; undefined when there is none of this id.
 * @throws refuses 404 and 403 for others
 */
export async function findInvite(
  db: Sql,
  { groupId, id, by }: { groupId: string; id: string; by: string },
): Promise<Notification | undefined> {
  await sql`select lockin.require_role(${groupId}, ${by}, 'admin')`.execute(db)
  const { rows } = await sql<NotificationRow>`
    select * from lockin.notifications where id = ${id} and group_id = ${groupId} and kind = 'group_invite'`.execute(
    db,
  )
  return rows[0] && toNotification(rows[0])
}

/**
 * Answers an invite, and makes its recipient a member of the group if the answer is yes.
 * @throws refuses 404 for an invite of somebody else, 409 when it was answered otherwise or withdrawn, or the group is
 * archived or full.
 */
export async function answerInvite(
  tx: Tx,
  { id, by, answer }: { id: string; by: string; answer: 'accepted' | 'declined' },
): Promise<Notification> {
  const { rows } = await sql<NotificationRow>`
    select * from lockin.answer_invite(${id}, ${by}, ${answer})`.execute(tx)
  return toNotification(only(rows))
}

/** Takes an invite back. @throws refuses 404 and 403 for others than owner and admins, 409 when it was answered. */
export async function withdrawInvite(tx: Tx, { id, by }: { id: string; by: string }): Promise<Notification> {
  const { rows } = await sql<NotificationRow>`select * from lockin.withdraw_invite(${id}, ${by})`.execute(tx)
  return toNotification(only(rows))
}

function only<Row>([row]: Row[]): Row {
  if (!row) throw new Error('The function gave no row.')
  return row
}
