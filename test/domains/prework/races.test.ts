import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAudit, type Acting } from '../../../src/domains/prework/audit.ts'
import { changeProfile } from '../../../src/domains/prework/change-profile.ts'
import { changeUser, deactivateUser } from '../../../src/domains/prework/change-user.ts'
import { createProfile } from '../../../src/domains/prework/create-profile.ts'
import { createUser } from '../../../src/domains/prework/create-user.ts'
import { findProfile, findUser, ownerOfEmail, type User } from '../../../src/domains/prework/items.ts'
import type { Role } from '../../../src/domains/prework/permissions.ts'
import { actAs } from '../../../src/domains/prework/sign-in.ts'
import { openPreworkStore, type PreworkStore } from '../../../src/domains/prework/store.ts'
import { readUserByEmail } from '../../../src/domains/prework/users.ts'
import { startTrouble } from '../../shared/dynamodb/trouble.ts'
import { startTables, type PreworkTables } from './tables.ts'

let tables: PreworkTables
let store: PreworkStore
beforeAll(async () => {
  tables = await startTables()
  store = openPreworkStore(tables.aws, 'dev')
})
afterAll(async () => {
  store.documents.close()
  await tables.stop()
})

const origin = { ip: '192.0.2.1', userAgent: 'test', requestId: 'request' }
const server: Acting = { userId: 'server', role: 'administrator', origin }
const fields = { firstName: 'Ada', lastName: 'Lovelace', jobTitle: 'Analyst', department: 'Engines' }
const newUser = (role: Role = 'user') => ({
  email: `${randomUUID()}@example.org`,
  username: 'ada',
  role,
  ...fields,
})
const person = (role?: Role) => createUser(store, server, newUser(role))
/** As a call that began while they had this role. */
const as = ({ userId, role }: User): Acting => ({ userId, role, origin })
const signInOf = ({ email }: User) => ({ subject: randomUUID(), email, emailVerified: true })
const demote = ({ userId }: User) => changeUser(store, server, { userId, changes: { role: 'user' } })
const trailOf = async (entityId: string) =>
  (await readAudit(store, server, { entityId }, { limit: 100, after: undefined })).items
/** What came of something, without the error that says so where it was refused. */
const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { refusal?: string }) => error.refusal ?? error,
  )

describe('who loses a role while something is asked for', () => {
  const losses = [
    ['the role', demote],
    ['the account', ({ userId }: User) => deactivateUser(store, server, userId)],
  ] as const

  test.for(losses)('may not make a user any more: %s', async ([, lose]) => {
    const { user: ada } = await person('administrator')
    await lose(ada)
    const asked = newUser('administrator')

    expect(await outcome(createUser(store, as(ada), asked))).toBe('forbidden')
    expect(await ownerOfEmail(store, asked.email)).toBeUndefined()
  })

  test.for(losses)('may not change another any more: %s', async ([, lose]) => {
    const { user: ada } = await person('administrator')
    const { user: linus, profile } = await person()
    await lose(ada)

    const changes = { role: 'administrator' as const, email: `${randomUUID()}@example.org` }
    expect(await outcome(changeUser(store, as(ada), { userId: linus.userId, changes }))).toBe('forbidden')
    expect(await outcome(deactivateUser(store, as(ada), linus.userId))).toBe('forbidden')
    const asked = { profileId: profile.profileId, changes: { firstName: 'Grace' } }
    expect(await outcome(changeProfile(store, as(ada), asked))).toBe('forbidden')

    expect(await findUser(store, linus.userId)).toEqual(linus)
    expect(await findProfile(store, profile.profileId)).toEqual(profile)
    expect(await ownerOfEmail(store, changes.email)).toBeUndefined()
    expect(await ownerOfEmail(store, linus.email)).toBe(linus.userId)
  })

  test('may not make a profile any more', async () => {
    const { user: ada } = await person('administrator')
    const { user: linus } = await person()
    const { profileId: _none, ...bare } = linus
    await store.documents.putMany(store.tables.users, [bare])
    await demote(ada)

    const asked = { userId: linus.userId, ...fields }
    expect(await outcome(createProfile(store, as(ada), asked))).toBe('forbidden')
    expect(await findUser(store, linus.userId)).toEqual(bare)
  })

  test('may as themselves what they may now', async () => {
    const { user: ada } = await person('administrator')
    await demote(ada)
    const email = `${randomUUID()}@example.org`
    const asked = (changes: object) => changeUser(store, as(ada), { userId: ada.userId, changes })

    expect(await outcome(asked({ email }))).toBe('forbidden')
    expect(await outcome(asked({ username: 'countess' }))).toBe('done')
    await deactivateUser(store, server, ada.userId)
    expect(await outcome(asked({ username: 'ada' }))).toBe('deactivated')
  })

  test('in the same moment has done it before, or not at all', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { user: ada } = await person('administrator')
      const { user: linus } = await person()
      const changing = changeUser(store, as(ada), { userId: linus.userId, changes: { role: 'supervisor' } })
      const [changed] = await Promise.all([outcome(changing), demote(ada)])

      expect(['done', 'forbidden']).toContain(changed)
      expect((await findUser(store, linus.userId))?.role).toBe(changed === 'done' ? 'supervisor' : 'user')
      expect(await trailOf(linus.userId)).toHaveLength(changed === 'done' ? 2 : 1)
    }
  })

  test('two administrators who demote each other: one of them is one still', async () => {
    const [{ user: ada }, { user: grace }] = [await person('administrator'), await person('administrator')]
    const demotes = (by: User, { userId }: User) =>
      changeUser(store, as(by), { userId, changes: { role: 'user' } })
    const outcomes = await Promise.all([outcome(demotes(ada, grace)), outcome(demotes(grace, ada))])

    expect(outcomes.sort()).toEqual(['done', 'forbidden'])
  })
})

describe('a first sign-in', () => {
  test('twenty at once is one link and one entry', async () => {
    const { user } = await person()
    const signIn = signInOf(user)
    const acting = await Promise.all(Array.from({ length: 20 }, () => actAs(store, signIn, origin)))

    expect(new Set(acting.map(({ userId }) => userId))).toEqual(new Set([user.userId]))
    expect((await trailOf(user.userId)).filter(({ action }) => action === 'link-sign-in')).toHaveLength(1)
  })

  test('that is being written when the address becomes another’s is that other’s', async () => {
    const trouble = await startTrouble(tables.endpoint)
    const through = openPreworkStore({ ...tables.aws, dynamodbEndpoint: trouble.endpoint }, 'dev')
    const { user } = await person()
    const signIn = signInOf(user)
    const held = Promise.withResolvers<void>()
    trouble.on('TransactWriteItems', { heldUntil: held.promise })
    const signingIn = actAs(through, signIn, origin)
    await expect.poll(() => trouble.seen().at(-1)?.operation).toBe('TransactWriteItems')

    const changes = { email: `${randomUUID()}@example.org` }
    await changeUser(store, server, { userId: user.userId, changes })
    const heir = await createUser(store, server, { ...newUser(), email: user.email })
    held.resolve()

    expect((await signingIn).userId).toBe(heir.user.userId)
    expect((await actAs(store, signIn, origin)).userId).toBe(heir.user.userId)
    through.documents.close()
    await trouble.close()
  })

  test('while the address is given away is whoever had it, or nobody, and stays so', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { user } = await person()
      const signIn = signInOf(user)
      const changes = { email: `${randomUUID()}@example.org` }
      const [first] = await Promise.all([
        outcome(actAs(store, signIn, origin)),
        changeUser(store, server, { userId: user.userId, changes }),
      ])
      expect(['done', 'not-a-user']).toContain(first)

      const heir = await createUser(store, server, { ...newUser(), email: user.email })
      const { userId } = await actAs(store, signIn, origin)
      expect(userId).toBe(first === 'done' ? user.userId : heir.user.userId)
    }
  })
})

test('whoever gives an address up while they are looked for by it is not found by it', async () => {
  const trouble = await startTrouble(tables.endpoint)
  const through = openPreworkStore({ ...tables.aws, dynamodbEndpoint: trouble.endpoint }, 'dev')
  const { user } = await person()
  const held = Promise.withResolvers<void>()
  // Whose the address is may be asked at once, who they are only later.
  trouble.next({ heldUntil: Promise.resolve() }, { heldUntil: held.promise })
  const reading = outcome(readUserByEmail(through, server, user.email))
  await expect.poll(() => trouble.seen()).toHaveLength(2)

  const changes = { email: `${randomUUID()}@example.org` }
  await changeUser(store, server, { userId: user.userId, changes })
  held.resolve()

  expect(await reading).toBe('no-such-user')
  through.documents.close()
  await trouble.close()
})

test('an address is one user’s, however many take it and give it up at once', async () => {
  const email = `${randomUUID()}@example.org`
  const people = await Promise.all(Array.from({ length: 4 }, () => person()))
  const move = async ({ user: { userId } }: { user: User }) => {
    const took = await outcome(changeUser(store, server, { userId, changes: { email } }))
    const own = { email: `${randomUUID()}@example.org` }
    if (took === 'done') await changeUser(store, server, { userId, changes: own })
    return took
  }
  const makes = () => outcome(createUser(store, server, { ...newUser(), email }))
  const outcomes = await Promise.all([...people.map(move), makes(), makes()])

  expect(outcomes.filter((each) => each !== 'done' && each !== 'email-taken')).toEqual([])
  expect(outcomes).toContain('done')
  const made = outcomes.slice(4)
  expect(made.filter((each) => each === 'done').length).toBeLessThanOrEqual(1)
  const owner = await ownerOfEmail(store, email)
  const holders = await Promise.all(people.map(({ user }) => findUser(store, user.userId)))
  expect(holders.filter((holder) => holder?.email === email)).toEqual([])
  expect(owner === undefined).toBe(!made.includes('done'))
})
