import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'
import { GiveUp } from '../../shared/errors.ts'

/** Somebody signing in through a provider. A name or avatar that is left out stays as it is; null clears it. */
export interface SignIn {
  provider: string
  provider_id: string
  email: string
  name?: string | null | undefined
  avatar?: string | null | undefined
}

/** A user as the API shows it, seen through the identity that signed in. Times are ISO 8601 in UTC. */
export interface User {
  id: string
  email: string
  name: string | null
  avatar: string | null
  provider: string
  provider_id: string
  created_at: string
  updated_at: string
}

/**
 * Finds, links or creates the user who signs in.
 *
 * - An identity (provider and id) that is known is its user, for ever. Its e-mail address is followed when it changed
 *   at the provider; a new address counts as verified only if this sign-in vouches for it.
 * - An unknown identity with a known address is linked to that user only if this sign-in vouches for the address and
 *   the address was verified before; anything less would let a stranger into the account.
 * - Anybody else is a new user.
 *
 * `updated_at` moves only when something changed.
 *
 * @param vouched whether somebody we trust has proven that the address belongs to who signs in.
 * @throws GiveUp `email-in-use` when the address belongs to somebody else, of whom nothing is said.
 */
export async function ensureUser(
  tx: Tx,
  signIn: SignIn,
  { vouched }: { vouched: boolean },
): Promise<{ user: User; created: boolean }> {
  await holdIdentityAndEmail(tx, signIn)

  const known = await findByIdentity(tx, signIn, 'for update')
  if (known) {
    if (isUnchanged(known, signIn, vouched)) return { user: shown(known, signIn), created: false }
    if (await belongsToAnother(tx, signIn.email, known.id)) throw emailInUse()
    return { user: shown(await updateUser(tx, known.id, signIn, vouched), signIn), created: false }
  }

  const holder = await findByEmail(tx, signIn.email)
  if (holder) {
    if (!vouched || !holder.email_verified) throw emailInUse()
    await insertIdentity(tx, holder.id, signIn)
    return { user: shown(await updateUser(tx, holder.id, signIn, vouched), signIn), created: false }
  }

  const created = await insertUser(tx, signIn, vouched)
  await insertIdentity(tx, created.id, signIn)
  return { user: shown(created, signIn), created: true }
}

/** The user who signs in, if `ensureUser` would change nothing; undefined means that it must be asked. */
export async function findUnchanged(
  db: Sql,
  signIn: SignIn,
  { vouched }: { vouched: boolean },
): Promise<User | undefined> {
  const known = await findByIdentity(db, signIn)
  return known && isUnchanged(known, signIn, vouched) ? shown(known, signIn) : undefined
}

interface UserRow {
  id: string
  email: string
  email_verified: boolean
  name: string | null
  avatar: string | null
  created_at: Date
  updated_at: Date
}

const columns = sql.raw('u.id, u.email, u.email_verified, u.name, u.avatar, u.created_at, u.updated_at')

/**
 * Makes this transaction the only one that may decide about this identity and the only one that may give this address
 * to anybody. Everybody takes the identity first, then the address, then at most one user's row, and so nobody waits
 * in a circle.
 */
async function holdIdentityAndEmail(tx: Tx, { provider, provider_id, email }: SignIn): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`rundi.identity ${provider} ${provider_id}`}, 0))`.execute(
    tx,
  )
  await sql`select pg_advisory_xact_lock(hashtextextended('rundi.email ' || lower(${email}), 0))`.execute(tx)
}

async function findByIdentity(
  db: Sql,
  { provider, provider_id }: SignIn,
  lock?: 'for update',
): Promise<UserRow | undefined> {
  const found = await sql<UserRow>`
    select ${columns}
    from rundi.identities i join rundi.users u on u.id = i.user_id
    where i.provider = ${provider} and i.provider_id = ${provider_id}
    ${sql.raw(lock ? `${lock} of u` : '')}`.execute(db)
  return found.rows[0]
}

/** Locks the row; when its address changes while we wait for it, it is no longer found. */
async function findByEmail(tx: Tx, email: string): Promise<UserRow | undefined> {
  const found = await sql<UserRow>`
    select ${columns} from rundi.users u where lower(u.email) = lower(${email}) for update`.execute(tx)
  return found.rows[0]
}

/** Reads without a lock: two users who want each other's address must both be told no, not wait for each other. */
async function belongsToAnother(tx: Tx, email: string, id: string): Promise<boolean> {
  const found =
    await sql`select 1 from rundi.users where lower(email) = lower(${email}) and id <> ${id}`.execute(tx)
  return found.rows.length > 0
}

async function insertUser(tx: Tx, { email, name, avatar }: SignIn, vouched: boolean): Promise<UserRow> {
  const inserted = await sql<UserRow>`
    insert into rundi.users as u (email, email_verified, name, avatar)
    values (${email}, ${vouched}, ${name ?? null}, ${avatar ?? null})
    returning ${columns}`.execute(tx)
  return only(inserted.rows)
}

/** The same address in other letters keeps its proof; another address needs one of its own. */
async function updateUser(
  tx: Tx,
  id: string,
  { email, name, avatar }: SignIn,
  vouched: boolean,
): Promise<UserRow> {
  const updated = await sql<UserRow>`
    update rundi.users u set
      email = ${email},
      email_verified = ${vouched}::boolean or (u.email_verified and lower(u.email) = lower(${email})),
      name = case when ${name !== undefined}::boolean then ${name ?? null} else u.name end,
      avatar = case when ${avatar !== undefined}::boolean then ${avatar ?? null} else u.avatar end,
      updated_at = clock_timestamp()
    where u.id = ${id}
    returning ${columns}`.execute(tx)
  return only(updated.rows)
}

async function insertIdentity(tx: Tx, userId: string, { provider, provider_id }: SignIn): Promise<void> {
  await sql`
    insert into rundi.identities (provider, provider_id, user_id)
    values (${provider}, ${provider_id}, ${userId})`.execute(tx)
}

function isUnchanged(known: UserRow, { email, name, avatar }: SignIn, vouched: boolean): boolean {
  return (
    known.email === email &&
    (name === undefined || name === known.name) &&
    (avatar === undefined || avatar === known.avatar) &&
    (known.email_verified || !vouched)
  )
}

function shown(row: UserRow, { provider, provider_id }: SignIn): User {
  const { id, email, name, avatar } = row
  const times = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() }
  return { id, email, name, avatar, provider, provider_id, ...times }
}

function only(rows: UserRow[]): UserRow {
  const [row] = rows
  if (!row) throw new Error('The statement returned no user.')
  return row
}

const emailInUse = (): GiveUp =>
  new GiveUp('email-in-use', 'This e-mail address cannot be used for this sign-in.')
