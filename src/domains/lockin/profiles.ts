import { sql } from 'kysely'
import type { Sql } from '../../shared/database.ts'

/** What a verified token says about who signs in; access tokens know no address. */
export interface SignIn {
  subject: string
  email: string | undefined
  emailVerified: boolean
  claims: Record<string, unknown>
}

/** The profile of whoever signs in, made the first time. An address counts only when the provider has verified it. */
export async function signIn(db: Sql, { subject, email, emailVerified, claims }: SignIn): Promise<string> {
  const address = emailVerified && email ? email : null
  const { rows } = await sql<{ id: string }>`
    select lockin.sign_in('cognito', ${subject}, ${address}, ${nameIn(claims)}) as id`.execute(db)
  const [row] = rows
  if (!row) throw new Error('lockin.sign_in gave no profile.')
  return row.id
}

/** The name the pool knows somebody by; nothing is made up from an address. */
function nameIn({ name, preferred_username: preferred }: Record<string, unknown>): string | null {
  const given = [name, preferred].find((each) => typeof each === 'string' && each.trim() !== '')
  return typeof given === 'string' ? given.trim().slice(0, 80) : null
}
