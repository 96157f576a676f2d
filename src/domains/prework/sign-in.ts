import { Unavailable } from '../../shared/errors.ts'
import { auditPut, type Acting, type Origin } from './audit.ts'
import { Refused } from './refused.ts'
import type { PreworkStore } from './store.ts'
import { emailItem, emailKeyOf, findUser, ownerOfEmail } from './items.ts'
import { writeTogether } from './write-together.ts'

/** What a verified token says of who calls. */
export interface SignIn {
  subject: string
  email: string | undefined
  emailVerified: boolean
}

/**
 * The user who calls. The first call whose verified address is a user's links the sign-in to them, and from then on it is
 * theirs, whatever becomes of the address.
 * @throws Refused not-a-user, email-not-verified or deactivated
 */
export async function actAs(store: PreworkStore, signIn: SignIn, origin: Origin): Promise<Acting> {
  if (signIn.subject.length > LONGEST_SUBJECT) throw new Refused('not-a-user')
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const userId = (await linkedTo(store, signIn)) ?? (await link(store, signIn, origin))
    if (userId !== undefined) return activeUser(store, userId, origin)
  }
  throw new Unavailable('This account is being changed. Please try again.')
}

/** Characters; Cognito's have 36. */
const LONGEST_SUBJECT = 255
const TRIES = 3

async function activeUser(store: PreworkStore, userId: string, origin: Origin): Promise<Acting> {
  const user = await findUser(store, userId)
  if (!user) throw new Refused('not-a-user')
  if (!user.isActive) throw new Refused('deactivated')
  return { userId, role: user.role, origin }
}

/** A sign-in's item lies among the users, and in none of their indexes. */
const subjectItem = (subject: string) => ({ userId: `sub#${subject}` })

async function linkedTo(
  { documents, tables }: PreworkStore,
  { subject }: SignIn,
): Promise<string | undefined> {
  const item = await documents.get(tables.users, subjectItem(subject))
  return item?.['owner'] as string | undefined
}

/** Undefined when something was changed meanwhile, and it is to be looked at once more. */
async function link(
  store: PreworkStore,
  { subject, email, emailVerified }: SignIn,
  origin: Origin,
): Promise<string | undefined> {
  if (email === undefined) throw new Refused('not-a-user')
  if (!emailVerified) throw new Refused('email-not-verified')
  const emailKey = emailKeyOf(email)
  const userId = emailKey.length > LONGEST_EMAIL ? undefined : await ownerOfEmail(store, email)
  if (userId === undefined) throw new Refused('not-a-user')
  const by = await activeUser(store, userId, origin)

  const { users } = store.tables
  const owner = {
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':owner': userId },
  }
  const failed = await writeTogether(store, {
    link: {
      Put: {
        TableName: users,
        Item: { ...subjectItem(subject), owner: userId },
        ConditionExpression: 'attribute_not_exists(userId)',
      },
    },
    address: {
      ConditionCheck: {
        TableName: users,
        Key: emailItem(emailKey),
        ConditionExpression: '#owner = :owner',
        ...owner,
      },
    },
    entry: auditPut(store, by, {
      entityType: 'user',
      entityId: userId,
      action: 'link-sign-in',
      at: new Date().toISOString(),
      before: {},
      after: {},
      fields: [],
    }),
  })
  return failed.size > 0 ? undefined : userId
}

const LONGEST_EMAIL = 255
