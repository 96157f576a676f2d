import type { LightMyRequestResponse } from 'fastify'
import { signIn } from '../../../../src/domains/lockin/profiles.ts'
import type { Sql } from '../../../../src/shared/database.ts'
import { bearer, startWeb, type Web, type WebOptions } from '../web.ts'

export interface Call {
  method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /lockin. */
  url: string
  payload?: object
  headers?: Record<string, string>
}

/** What a group for a test is like where it matters; the rest is an open group of UTC that began yesterday. */
export interface GroupFields {
  name?: string
  start_at?: Date
  end_at?: Date
  timezone?: string
  period?: 'daily' | 'weekly'
  period_target_minutes?: number
  status?: 'pending' | 'active'
  admins?: string[]
  members?: string[]
}

/** The web server with people who are signed in to LockIN: ada, grace, linus, and whoever else is named. */
export interface Lockin extends AsyncDisposable {
  web: Web
  sql: Sql
  /** Calls with this person's ID token, which has a verified address: ada@example.org. */
  as(person: string, call: Call): Promise<LightMyRequestResponse>
  token(person: string): Promise<Record<string, string>>
  /** The person's profile, made when first asked for. */
  id(person: string): Promise<string>
  /** A group as rows, whatever a request might refuse; archive it with an update. */
  group(owner: string, fields?: GroupFields): Promise<string>
}

export async function startLockin(options: WebOptions = {}): Promise<Lockin> {
  const web = await startWeb(options)
  const { sql } = web.world.database
  const tokens = new Map<string, Promise<string>>()
  const ids = new Map<string, Promise<string>>()
  const kept = <T>(map: Map<string, Promise<T>>, person: string, make: () => Promise<T>): Promise<T> => {
    const value = map.get(person) ?? make()
    map.set(person, value)
    return value
  }

  const token = async (person: string) =>
    bearer(await kept(tokens, person, () => web.issuer.cognito(claimsOf(person), issuedBy(web))))
  const id = (person: string) =>
    kept(ids, person, () => {
      const { sub: subject, email } = claimsOf(person)
      return signIn(sql, { subject, email, emailVerified: true, claims: claimsOf(person) })
    })

  return {
    web,
    sql,
    token,
    id,
    as: async (person, { headers = {}, url, ...call }) => {
      await id(person)
      return web.app.inject({
        ...call,
        url: `/lockin${url}`,
        headers: { ...(await token(person)), ...headers },
      })
    },
    group: async (owner, { admins = [], members = [], ...fields } = {}) => {
      const roles = [
        { user_id: await id(owner), role: 'owner' as const },
        ...(await Promise.all(
          admins.map(async (each) => ({ user_id: await id(each), role: 'admin' as const })),
        )),
        ...(await Promise.all(
          members.map(async (each) => ({ user_id: await id(each), role: 'member' as const })),
        )),
      ]
      const { id: group } = await sql
        .insertInto('lockin.groups')
        .values({ ...usual(), ...fields, owner_id: await id(owner) })
        .returning('id')
        .executeTakeFirstOrThrow()
      const rows = roles.map(({ user_id, role }) => ({ group_id: group, user_id, role }))
      await sql.insertInto('lockin.group_members').values(rows).execute()
      return group
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  }
}

/** How a token of LockIN's pool is signed. */
export const issuedBy = (web: Web): { issuer: string } => ({ issuer: `${web.issuer.url}/lockin` })

/** What the ID token of a person says. */
export const claimsOf = (person: string) => ({
  sub: `subject-of-${person}`,
  aud: 'lockin-client',
  email: `${person}@example.org`,
  email_verified: true,
  name: person.slice(0, 1).toUpperCase() + person.slice(1),
})

const DAY = 86_400_000

const usual = () => ({
  name: 'Study group',
  start_at: new Date(Date.now() - DAY),
  end_at: new Date(Date.now() + 30 * DAY),
  timezone: 'UTC',
  period: 'daily' as const,
  period_target_minutes: 60,
  status: 'active' as const,
})

/** A zone whose clocks show about noon now: no midnight comes between two lines of a test. */
export function zoneAtNoon(): string {
  const ahead = 12 - new Date().getUTCHours()
  // The signs of these names are the wrong way round, as POSIX has them.
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}
