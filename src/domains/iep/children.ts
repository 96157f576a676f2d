import { sql } from 'kysely'
import type { Sql, Tx } from '../../shared/database.ts'

export const CHILDREN_AT_MOST = 20

/** What a parent tells of a child. */
export interface ChildFields {
  name: string
  schoolCity: string
}

/** An id that is not this parent's; whether it is anybody's is not told. */
export class NotTheirs extends Error {
  override name = 'NotTheirs'
}

export class TooManyChildren extends Error {
  override name = 'TooManyChildren'
}

/** A child cannot be left out of the list while there are documents or uploads of it. */
export class ChildHasDocuments extends Error {
  override name = 'ChildHasDocuments'
  readonly childId: string

  constructor(childId: string) {
    super('The child has documents.')
    this.childId = childId
  }
}

/** The id of this parent's child as Postgres writes it. @throws NotTheirs, also for what is no id at all. */
export async function theirChild(db: Sql, userId: string, childId: string): Promise<string> {
  const found = await sql<{ child_id: string }>`
    select child_id from iep.children where child_id = ${idOf(childId)} and user_id = ${userId}`.execute(db)
  return only(found.rows)
}

/**
 * As `theirChild`, and until the transaction ends nobody else opens an upload for the child, removes it, or puts a
 * document in the place of another. Whoever also takes rows of uploads or documents takes the child first.
 */
export async function holdChild(tx: Tx, userId: string, childId: string): Promise<string> {
  const found = await sql<{ child_id: string }>`
    select child_id from iep.children
    where child_id = ${idOf(childId)} and user_id = ${userId} for update`.execute(tx)
  return only(found.rows)
}

/**
 * Adds a child to a held profile, whose `updated_at` moves. Times are milliseconds since 1970.
 * @throws TooManyChildren
 */
export async function addChild(
  tx: Tx,
  userId: string,
  { name, schoolCity }: ChildFields,
): Promise<{ childId: string; createdAt: number; updatedAt: number }> {
  const inserted = await sql<{ child_id: string; created_at: Date }>`
    with added as (
      insert into iep.children (user_id, name, school_city, created_at, updated_at)
      select ${userId}, ${name}, ${schoolCity}, at, at from (select clock_timestamp() as at) as now
      where (select count(*) from iep.children where user_id = ${userId}) < ${CHILDREN_AT_MOST}
      returning child_id, created_at
    ), changed as (
      update iep.profiles p set updated_at = added.created_at from added where p.user_id = ${userId}
    )
    select child_id, created_at from added`.execute(tx)
  const [child] = inserted.rows
  if (!child) throw new TooManyChildren()
  const at = child.created_at.getTime()
  return { childId: child.child_id, createdAt: at, updatedAt: at }
}

/** A child as `addChild` told it; undefined when it was removed since. */
export async function findAdded(
  db: Sql,
  userId: string,
  childId: string,
): Promise<{ childId: string; createdAt: number; updatedAt: number } | undefined> {
  const found = await sql<{ created_at: Date }>`
    select created_at from iep.children where child_id = ${idOf(childId)} and user_id = ${userId}`.execute(db)
  const at = found.rows[0]?.created_at.getTime()
  return at === undefined ? undefined : { childId, createdAt: at, updatedAt: at }
}

/**
 * Makes the children of a held profile the given ones: those with an id are changed, those without are added, and
 * those left out are removed.
 * @throws NotTheirs for an id that is not one of this parent's children; ChildHasDocuments when one that is left out
 *   has a document or an upload: its file may have arrived although nobody heard of it yet; TooManyChildren.
 */
export async function replaceChildren(
  tx: Tx,
  userId: string,
  given: (ChildFields & { childId?: string | undefined })[],
): Promise<void> {
  const known = new Set(await holdChildren(tx, userId))
  const kept = new Set<string>()
  for (const { childId } of given) {
    if (childId === undefined) continue
    if (!known.has(childId.toLowerCase())) throw new NotTheirs()
    kept.add(childId.toLowerCase())
  }
  await removeChildren(
    tx,
    [...known].filter((childId) => !kept.has(childId)),
  )
  for (const { childId, ...fields } of given)
    if (childId === undefined) await addChild(tx, userId, fields)
    else await changeChild(tx, childId, fields)
}

/** Locks them all, so that nothing arrives for one that is about to be removed. */
async function holdChildren(tx: Tx, userId: string): Promise<string[]> {
  const found = await sql<{ child_id: string }>`
    select child_id from iep.children where user_id = ${userId} order by child_id for update`.execute(tx)
  return found.rows.map((row) => row.child_id)
}

async function removeChildren(tx: Tx, childIds: string[]): Promise<void> {
  if (childIds.length === 0) return
  const used = await sql<{ child_id: string }>`
    select child_id from iep.documents where child_id = any(${childIds}::uuid[])
    union
    select child_id from iep.uploads where child_id = any(${childIds}::uuid[])
    order by child_id limit 1`.execute(tx)
  const [inUse] = used.rows
  if (inUse) throw new ChildHasDocuments(inUse.child_id)
  await sql`delete from iep.children where child_id = any(${childIds}::uuid[])`.execute(tx)
}

async function changeChild(tx: Tx, childId: string, { name, schoolCity }: ChildFields): Promise<void> {
  await sql`
    update iep.children set name = ${name}, school_city = ${schoolCity}, updated_at = clock_timestamp()
    where child_id = ${childId} and (name, school_city) is distinct from (${name}, ${schoolCity})`.execute(tx)
}

/** What cannot be an id is nobody's, and Postgres need not be asked. */
function idOf(childId: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(childId)) throw new NotTheirs()
  return childId
}

function only(rows: { child_id: string }[]): string {
  const [row] = rows
  if (!row) throw new NotTheirs()
  return row.child_id
}
