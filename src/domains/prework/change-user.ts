import type { Write } from '../../shared/dynamodb.ts'
import { auditPut, type Acting } from './audit.ts'
import { emailItem, emailKeyOf, findUser, type User } from './items.ts'
import { changeableOfUser, userFields, type UserField } from './permissions.ts'
import { Refused } from './refused.ts'
import { changeWhatIsThere, revised, unchanged, wantVersion } from './revisions.ts'
import { stillMay } from './still-may.ts'
import type { PreworkStore } from './store.ts'
import { maySee } from './users.ts'
import { writeTogether } from './write-together.ts'

export type UserChanges = { [Field in UserField]?: User[Field] | undefined }

/**
 * Changes a user; with `version`, as long as it is that one. What is as it was is no change, and leaves no trace.
 * @throws Refused no-such-user, forbidden, changed-meanwhile or email-taken
 */
export async function changeUser(
  store: PreworkStore,
  by: Acting,
  asked: { userId: string; version?: number | undefined; changes: UserChanges },
): Promise<User> {
  const { userId, version, changes } = asked
  return changeWhatIsThere(version, async () => {
    const user = await findUser(store, userId)
    if (!user || !(await maySee(store, by, user))) throw new Refused('no-such-user')
    wantChangeable(asNow(by, user), user, changes)
    wantVersion(version, user)
    const next = nextOf(user, changes, by)
    return isSame(user, next) ? user : write(store, by, user, next)
  })
}

/** As `changeUser`. Nothing of them goes: who they were and what they did stays known, and their address theirs. */
export const deactivateUser = (
  store: PreworkStore,
  by: Acting,
  userId: string,
  version?: number,
): Promise<User> => changeUser(store, by, { userId, version, changes: { isActive: false } })

/** Of oneself, the user that was read knows better than the call did: the role it came with may be lost by now. */
function asNow(by: Acting, user: User): Acting {
  if (by.userId !== user.userId) return by
  if (!user.isActive) throw new Refused('deactivated')
  return { ...by, role: user.role }
}

function wantChangeable(by: Acting, user: User, changes: UserChanges): void {
  const changeable = changeableOfUser(by, user)
  for (const field of userFields)
    if (changes[field] !== undefined && !changeable.includes(field)) throw new Refused('forbidden', field)
}

function nextOf(user: User, changes: UserChanges, by: Acting): User {
  const { active: _active, deactivatedAt, ...known } = user
  const now = new Date().toISOString()
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  const next = { ...known, ...(given as Partial<User>), ...revised(user, by, now) }
  next.emailKey = emailKeyOf(next.email)
  return next.isActive ? { ...next, active: 'yes' } : { ...next, deactivatedAt: deactivatedAt ?? now }
}

const isSame = (user: User, next: User): boolean => userFields.every((field) => user[field] === next[field])

/** Undefined when somebody else was faster. */
async function write(store: PreworkStore, by: Acting, user: User, next: User): Promise<User | undefined> {
  const { users } = store.tables
  const moves = user.emailKey !== next.emailKey
  const failed = await writeTogether(store, {
    user: { Put: { TableName: users, Item: next, ...unchanged(user) } },
    newAddress: moves ? takeAddress(users, next) : undefined,
    oldAddress: moves ? { Delete: { TableName: users, Key: emailItem(user.emailKey) } } : undefined,
    entry: auditPut(store, by, {
      entityType: 'user',
      entityId: user.userId,
      action: actionOf(user, next),
      at: next.updatedAt,
      before: user,
      after: next,
      fields: userFields,
    }),
    // Of oneself, what was read is still so, or this is not written.
    actor: by.userId === user.userId ? undefined : stillMay(store, by),
  })
  if (failed.has('actor')) throw new Refused('forbidden')
  if (failed.has('user')) return undefined
  if (failed.has('newAddress')) throw new Refused('email-taken', 'email')
  return next
}

const takeAddress = (table: string, { userId, emailKey }: User): Write => ({
  Put: {
    TableName: table,
    Item: { ...emailItem(emailKey), owner: userId },
    ConditionExpression: 'attribute_not_exists(userId)',
  },
})

function actionOf(user: User, next: User) {
  if (user.isActive === next.isActive) return 'update'
  return next.isActive ? 'reactivate' : 'deactivate'
}
