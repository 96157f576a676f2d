import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import type { Acting } from '../../../../src/domains/prework/audit.ts'
import { changeUser } from '../../../../src/domains/prework/change-user.ts'
import { createUser, type NewUser } from '../../../../src/domains/prework/create-user.ts'
import type { Profile, User } from '../../../../src/domains/prework/items.ts'
import type { Role } from '../../../../src/domains/prework/permissions.ts'
import { openPreworkStore, type PreworkStore } from '../../../../src/domains/prework/store.ts'
import { startBuckets, type StartedBuckets } from '../../../domains/prework/buckets.ts'
import { startTables, type PreworkTables } from '../../../domains/prework/tables.ts'
import { bearer, startWeb, withKey, type Web, type WebOptions } from '../web.ts'

export interface Call {
  method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Below /prework. */
  url: string
  payload?: object
  headers?: Record<string, string>
}

export interface Made {
  user: User
  profile: Profile
}

/** The web server with Pre-Work's tables and buckets, and people who are made as they are needed. */
export interface Prework extends AsyncDisposable {
  web: Web
  tables: PreworkTables
  buckets: StartedBuckets
  store: PreworkStore
  /** A new user with this role, whose sign-in has not been used yet. */
  person(role: Role, fields?: Partial<NewUser>): Promise<Made>
  /** Calls with an ID token that has the user's verified address. */
  as(who: User, call: Call): Promise<LightMyRequestResponse>
  withKey(call: Call): Promise<LightMyRequestResponse>
  /** An ID token of Pre-Work's pool. */
  token(claims: object): Promise<Record<string, string>>
  changeRole(who: User, role: Role): Promise<User>
}

export const server: Acting = {
  userId: 'server',
  role: 'administrator',
  origin: { ip: '192.0.2.1', userAgent: 'test', requestId: 'request' },
}

export async function startPrework(given: WebOptions & { tables?: PreworkTables } = {}): Promise<Prework> {
  const tables = given.tables ?? (await startTables())
  const buckets = await startBuckets(tables.aws.credentials)
  const env = { ...tables.env, ...buckets.env, RATE_LIMIT_PER_MINUTE: '100000', ...given.env }
  const web = await startWeb({ ...given, env })
  const store = openPreworkStore(tables.aws, 'dev')
  const tokens = new Map<string, Promise<string>>()
  const call = ({ url, headers, ...rest }: Call, credentials: Record<string, string>) =>
    web.app.inject({ ...rest, url: `/prework${url}`, headers: { ...credentials, ...headers } })
  const sign = (claims: object) =>
    web.issuer.cognito({ aud: 'prework-client', ...claims }, { issuer: `${web.issuer.url}/prework` })

  return {
    web,
    tables,
    buckets,
    store,
    person: (role, fields = {}) => createUser(store, server, { ...someone(role), ...fields }),
    as: async (who, asked) => {
      const token = tokens.get(who.userId) ?? sign(claimsOf(who))
      tokens.set(who.userId, token)
      return call(asked, bearer(await token))
    },
    withKey: (asked) => call(asked, withKey('prework')),
    token: async (claims) => bearer(await sign(claims)),
    changeRole: (who, role) => changeUser(store, server, { userId: who.userId, changes: { role } }),
    [Symbol.asyncDispose]: async () => {
      store.documents.close()
      await web[Symbol.asyncDispose]()
      await buckets.stop()
      await tables.stop()
    },
  }
}

export const claimsOf = ({ userId, email }: Pick<User, 'userId' | 'email'>) => ({
  sub: `subject-of-${userId}`,
  email,
  email_verified: true,
})

const someone = (role: Role): NewUser => ({
  role,
  email: `${randomUUID()}@example.org`,
  username: role,
  firstName: 'Ada',
  lastName: 'Lovelace',
  jobTitle: 'Analyst',
  department: 'Engines',
})

/** The body of a request that makes Grace, under an address of her own each time. */
export const grace = () => ({
  email: `grace-${randomUUID()}@example.org`,
  username: 'grace',
  role: 'user',
  firstName: 'Grace',
  lastName: 'Hopper',
  jobTitle: 'Programmer',
  department: 'Compilers',
})

/** How requests that were made at once were answered, the smallest status first. */
export const statusesOf = (answers: LightMyRequestResponse[]): number[] =>
  answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b)

/** The answer to the one of these requests that made something. */
export function theOneMade(answers: LightMyRequestResponse[]): LightMyRequestResponse {
  const [made, ...others] = answers.filter(({ statusCode }) => statusCode === 201)
  if (!made || others.length > 0) throw new Error(`${others.length + (made ? 1 : 0)} were made.`)
  return made
}

/** What an answer says is wrong: the status, the code, and the field where it is about one. */
export const problemIn = (answer: LightMyRequestResponse): unknown[] => {
  const { error } = answer.json<{ error: { code: string; field?: string } }>()
  return [answer.statusCode, error.code, ...(error.field === undefined ? [] : [error.field])]
}
