import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'

export const groupStatuses = ['pending', 'active', 'archived'] as const
export type GroupStatus = (typeof groupStatuses)[number]

export const goalPeriods = ['daily', 'weekly'] as const
export type GoalPeriod = (typeof goalPeriods)[number]

export const memberRoles = ['owner', 'admin', 'member'] as const
export type MemberRole = (typeof memberRoles)[number]

/** A group as one of its members sees it. */
export interface Group {
  id: string
  owner_id: string
  name: string
  description: string | null
  start_at: Date
  end_at: Date
  timezone: string
  period: GoalPeriod
  period_target_minutes: number
  /** One whose start has come is active, also while it is still written as pending. */
  status: GroupStatus
  /** What whoever asks is in it. */
  role: MemberRole
  created_at: Date
  updated_at: Date
}

export interface NewGroup {
  name: string
  description?: string | null | undefined
  /** Now, when it is left out. */
  start_at?: Date | undefined
  end_at: Date
  /** New York, when it is left out. */
  timezone?: string | undefined
  period: GoalPeriod
  period_target_minutes: number
}

/** What is left out stays as it is. */
export interface GroupChanges {
  name?: string | undefined
  description?: string | null | undefined
  end_at?: Date | undefined
  timezone?: string | undefined
  period_target_minutes?: number | undefined
}

/** Which of somebody's groups are wanted: of one status, and those that come after another in the list. */
export interface Wanted {
  status?: GroupStatus | undefined
  after?: { createdAt: Date; id: string } | undefined
  limit: number
}

/** Somebody's groups, the newest first. */
export async function listGroups(
  db: Sql,
  userId: string,
  { status, after, limit }: Wanted,
): Promise<Group[]> {
  const { rows } = await sql<Group>`
    ${shown}
    where m.user_id = ${userId}
      and (${status ?? null}::text is null or lockin.status_now(g.status, g.start_at)::text = ${status ?? null})
      and (
        ${after?.id ?? null}::uuid is null
        or (g.created_at, g.id) < (${after?.createdAt ?? null}::timestamptz, ${after?.id ?? null}::uuid)
      )
    order by g.created_at desc, g.id desc
    limit ${limit}`.execute(db)
  return rows
}

/** Undefined when there is no such group, or none of theirs. */
export async function findGroup(db: Sql, userId: string, groupId: string): Promise<Group | undefined> {
  const { rows } = await sql<Group>`${shown} where m.user_id = ${userId} and g.id = ${groupId}`.execute(db)
  return rows[0]
}

/** Makes a group that belongs to whoever makes it. Refuses a zone that is none, and times that make no sense. */
export async function createGroup(tx: Tx, userId: string, group: NewGroup): Promise<Group> {
  const { rows } = await sql<{ id: string }>`
    select lockin.create_group(
      ${userId}, ${group.name}, ${group.description ?? null}, ${group.start_at ?? null}, ${group.end_at},
      ${group.timezone ?? null}, ${group.period}, ${group.period_target_minutes}
    ) as id`.execute(tx)
  return made(tx, userId, rows)
}

/** Changes a group, for its owner and admins. Refuses one that is archived. */
export async function changeGroup(
  tx: Tx,
  userId: string,
  groupId: string,
  changes: GroupChanges,
): Promise<Group> {
  await sql`select lockin.change_group(${groupId}, ${userId}, ${JSON.stringify(changes)}::jsonb)`.execute(tx)
  return made(tx, userId, [{ id: groupId }])
}

/** Makes a group like another one, with its members, that begins now and lasts as long. Refuses whoever is no member. */
export async function cloneGroup(tx: Tx, userId: string, groupId: string): Promise<Group> {
  const { rows } = await sql<{ id: string }>`select lockin.clone_group(${groupId}, ${userId}) as id`.execute(
    tx,
  )
  return made(tx, userId, rows)
}

async function made(tx: Tx, userId: string, [row]: { id: string }[]): Promise<Group> {
  const group = row && (await findGroup(tx, userId, row.id))
  if (!group) throw new Error('A group that was written a moment ago is not there.')
  return group
}

const shown = sql`
  select g.id, g.owner_id, g.name, g.description, g.start_at, g.end_at, g.timezone, g.period, g.period_target_minutes,
    lockin.status_now(g.status, g.start_at) as status, m.role, g.created_at, g.updated_at
  from lockin.group_members m join lockin.groups g on g.id = m.group_id`
