import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import type { MemberRole } from './groups.ts'

export interface Member {
  id: string
  group_id: string
  user_id: string
  display_name: string | null
  avatar_url: string | null
  role: MemberRole
  /** Their own target, instead of the group's. */
  override_period_target_minutes: number | null
  created_at: Date
}

/** What is left out stays as it is; null clears an override. Whoever is made owner takes the group over. */
export interface MemberChanges {
  override_period_target_minutes?: number | null | undefined
  role?: MemberRole | undefined
}

/** Everybody in a group, the owner and the admins first; empty when whoever asks is not one of them. */
export async function listMembers(db: Sql, userId: string, groupId: string): Promise<Member[]> {
  const { rows } = await sql<Member>`
    ${shown}
    where m.group_id = ${groupId} and lockin.role_in(${groupId}, ${userId}) is not null
    order by m.role, m.created_at, m.id`.execute(db)
  return rows
}

/** Lets somebody in as a member. Refuses who may not, whom nobody knows, and whoever is in it already. */
export async function addMember(tx: Tx, byUser: string, groupId: string, userId: string): Promise<Member> {
  await sql`select lockin.add_member(${groupId}, ${byUser}, ${userId})`.execute(tx)
  return written(tx, groupId, userId)
}

/** Changes a member's own target or role, or hands the group over. Refuses who may not. */
export async function changeMember(
  tx: Tx,
  byUser: string,
  { groupId, userId }: { groupId: string; userId: string },
  changes: MemberChanges,
): Promise<Member> {
  await sql`
    select lockin.change_member(${groupId}, ${byUser}, ${userId}, ${JSON.stringify(changes)}::jsonb)`.execute(
    tx,
  )
  return written(tx, groupId, userId)
}

/** Takes a member out, or oneself, and ends what they do in a session of the group. Their time stays. Refuses who may not. */
export async function removeMember(tx: Tx, byUser: string, groupId: string, userId: string): Promise<void> {
  await sql`select lockin.remove_member(${groupId}, ${byUser}, ${userId})`.execute(tx)
}

async function written(tx: Tx, groupId: string, userId: string): Promise<Member> {
  const { rows } = await sql<Member>`
    ${shown} where m.group_id = ${groupId} and m.user_id = ${userId}`.execute(tx)
  const [member] = rows
  if (!member) throw new Error('A member that was written a moment ago is not there.')
  return member
}

const shown = sql`
  select m.id, m.group_id, m.user_id, p.display_name, p.avatar_url, m.role, m.override_period_target_minutes, m.created_at
  from lockin.group_members m join lockin.profiles p on p.id = m.user_id`
