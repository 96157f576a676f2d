import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import type { GroupStatus, MemberRole } from './groups.ts'

/** What a verified token says about who signs in; access tokens know no address. */
export interface SignIn {
  subject: string
  email: string | undefined
  emailVerified: boolean
  claims: Record<string, unknown>
}

/** Somebody as they see themself, with the groups they are in, the latest first. */
export interface Me {
  id: string
  /** Verified by the provider; null when no sign-in brought one. */
  email: string | null
  display_name: string | null
  avatar_url: string | null
  created_at: Date
  updated_at: Date
  memberships: Membership[]
}

export interface Membership {
  group_id: string
  name: string
  role: MemberRole
  status: GroupStatus
  override_period_target_minutes: number | null
  created_at: Date
}

/** The profile of whoever signs in, made the first time. An address counts only when the provider has verified it. */
export async function signIn(db: Sql, { subject, email, emailVerified, claims }: SignIn): Promise<string> {
  const address = emailVerified && email !== undefined && isKeepable(email) ? email.trim() : null
  const { rows } = await sql<{ id: string }>`
    select lockin.sign_in('cognito', ${subject}, ${address}, ${nameIn(claims)}) as id`.execute(db)
  const [row] = rows
  if (!row) throw new Error('lockin.sign_in gave no profile.')
  return row.id
}

/** Undefined when there is no such profile. */
export async function findMe(db: Sql, profileId: string): Promise<Me | undefined> {
  const { rows } = await sql<Omit<Me, 'memberships'> & { memberships: MembershipInJson[] }>`
    select p.id, p.email::text, p.display_name, p.avatar_url, p.created_at, p.updated_at, coalesce(
      (
        select jsonb_agg(
          jsonb_build_object(
            'group_id', g.id, 'name', g.name, 'role', m.role, 'status', lockin.status_now(g.status, g.start_at),
            'override_period_target_minutes', m.override_period_target_minutes, 'created_at', m.created_at
          )
          order by m.created_at desc, m.id desc
        )
        from lockin.group_members m join lockin.groups g on g.id = m.group_id
        where m.user_id = p.id
      ),
      '[]'
    ) as memberships
    from lockin.profiles p where p.id = ${profileId}`.execute(db)
  const [me] = rows
  return me && { ...me, memberships: me.memberships.map(withTime) }
}

/** Changes how somebody is called; to be called nothing is possible too. The same name again changes nothing. */
export async function rename(tx: Tx, profileId: string, displayName: string | null): Promise<void> {
  await sql`
    update lockin.profiles set display_name = ${displayName}, updated_at = now()
    where id = ${profileId} and display_name is distinct from ${displayName}`.execute(tx)
}

type MembershipInJson = Omit<Membership, 'created_at'> & { created_at: string }

const withTime = ({ created_at: at, ...membership }: MembershipInJson): Membership => ({
  ...membership,
  created_at: new Date(at),
})

/** The name the pool knows somebody by, as far as it fits; nothing is made up from an address. */
function nameIn({ name, preferred_username: preferred }: Record<string, unknown>): string | null {
  return [name, preferred].map(shortened).find((each) => each !== '') ?? null
}

function shortened(given: unknown): string {
  if (typeof given !== 'string') return ''
  const line = given
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
  return Array.from(line).slice(0, 80).join('').trim()
}

/** Postgres keeps no NUL, and text in JavaScript may be broken in a way that UTF-8 cannot be. */
const isKeepable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
