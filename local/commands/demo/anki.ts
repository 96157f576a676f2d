import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { signIn, signUp } from '../../cognito/accounts.ts'
import { Plain } from '../../launch/plain.ts'
import { shown } from '../../stack/place.ts'
import type { Say } from '../../stack/progress.ts'
import type { Stack } from '../../stack/run.ts'
import { asServer, asUser, call } from './call.ts'
import { follow, type Heard } from './follow.ts'
import { findNewcomer, type UserPool } from './newcomer.ts'
import { drawTimeline } from './timeline.ts'

export interface AnkiFacts {
  email: string
  sub: string
  job: Receipt
  profile: Profile
  directory: Directory
  authDb: { username: string; hashLength: number }
  askedAgain: { status: number; body: unknown; changed: boolean }
}

interface Receipt {
  id: string
  state: string
  [field: string]: unknown
}

interface Profile {
  uuid: string
  username: string
  created_at: Date
  updated_at: Date
}

interface Directory {
  path: string
  /** In octal. */
  mode: string
  gid: number
  entries: number
}

/** Ada signs up, and what follows from it, from the confirmed sign-up to a place where she can sync. */
export async function tellAnki(stack: Stack, say: Say): Promise<AnkiFacts> {
  const { cognito, keys, postgres, collections, authDb } = stack.facts()
  const pool = { endpoint: cognito.endpoint, ...cognito.pools.anki }
  const database = new pg.Client({ connectionString: postgres })
  await database.connect()
  try {
    const email = await findAda(pool, database, say)
    const began = Date.now()
    const { sub } = await signUp(pool, { email, username: 'ada' })
    say(`  Ada signed up in Cognito as ${email} and is ${sub} there`)
    say('  Cognito tells SQS, SQS tells events, events asks for a job, a worker does it:')
    const id = await untilAsked(stack, database, sub)
    const headers = asServer(keys.anki)
    const history = await follow(stack, {
      id,
      headers,
      heard: (entry) => say(`    ${describe(entry, began)}`),
    })

    const { idToken } = await signIn(pool, { email })
    const receipt = await call<Receipt>(stack, {
      method: 'GET',
      path: `/jobs/${id}`,
      headers: asUser(idToken),
      expected: [200],
    })
    say(`\n  The receipt, as Ada sees it at /jobs/${id}`)
    for (const line of JSON.stringify(receipt.body, null, 2).split('\n')) say(`    ${line}`)
    if (receipt.body.state !== 'completed') {
      throw new Plain(
        `the job ${id} of the sign-up is ${receipt.body.state}: see ${shown(stack.place.log('worker'))}`,
      )
    }

    say('\n  Where the time went')
    for (const line of drawTimeline(stretchesOf(began, history))) say(`    ${line}`)

    const profile = await readProfile(database, sub)
    const directory = lookAt(path.join(collections, sub))
    const entry = readAuthDb(authDb, sub)
    say('\n  What there is now')
    say(
      `    anki.user_profiles  ${profile.uuid}  ${profile.username}  since ${profile.created_at.toISOString()}`,
    )
    say(
      `    directory           ${shown(directory.path)}/  mode ${directory.mode}, group ${directory.gid}, with ${directory.entries} entries`,
    )
    say(
      `    auth.db             ${entry.username} with a hash of ${entry.hashLength} characters that no password meets`,
    )

    const again = await call<unknown>(stack, {
      method: 'POST',
      path: '/anki/users',
      headers: { ...asUser(idToken), prefer: 'wait=10' },
      body: { cognito_user_id: sub, username: profile.username, email },
      expected: [200],
    })
    const after = await readProfile(database, sub)
    const changed = JSON.stringify(after) !== JSON.stringify(profile)
    say('\n  Her web app asks for it once more: POST /anki/users with her token')
    say(
      `    ${again.status} ${JSON.stringify(again.body)}, and ${changed ? 'the profile CHANGED' : 'nothing has changed'}`,
    )
    if (changed) throw new Plain('asking again changed the profile, which it must not')

    return {
      email,
      sub,
      job: receipt.body,
      profile,
      directory,
      authDb: entry,
      askedAgain: { ...again, changed },
    }
  } finally {
    await database.end()
  }
}

/** Ada herself the first time; later a namesake. */
async function findAda(pool: UserPool, database: pg.Client, say: Say): Promise<string> {
  const { email, known } = await findNewcomer(pool, 'ada')
  if (!known) return email

  const found = await database.query<Profile>('select * from anki.user_profiles where uuid = $1', [known.sub])
  const since = found.rows[0] ? `, with a profile since ${found.rows[0].created_at.toISOString()}` : ''
  say(`  ${known.email} is here from an earlier run${since}: she stays as she is and a namesake signs up`)
  return email
}

/** The sign-up has no receipt to ask for, so look into the ledger. */
async function untilAsked(stack: Stack, database: pg.Client, sub: string): Promise<string> {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    stack.signal.throwIfAborted()
    const found = await database.query<{ id: string }>(
      `select id from millrace.jobs where name = 'anki.initiate-user' and key = $1`,
      [sub],
    )
    if (found.rows[0]) return found.rows[0].id
    await sleep(5)
  }
  throw new Plain(`the sign-up did not become a job within 30 s: see ${shown(stack.place.log('events'))}`)
}

function describe({ name, at, attempt }: Heard, began: number): string {
  const since = `+${at - began} ms`.padStart(9)
  return `${since}  ${name}${name === 'active' ? `, attempt ${attempt}` : ''}`
}

function stretchesOf(began: number, history: Heard[]): { name: string; from: number; to: number }[] {
  const [first] = history
  if (!first) return []
  const states = history.slice(0, -1).map((entry, index) => ({
    name: entry.name,
    from: entry.at,
    to: history[index + 1]?.at ?? entry.at,
  }))
  return [{ name: 'Cognito, SQS, events', from: began, to: first.at }, ...states]
}

async function readProfile(database: pg.Client, sub: string): Promise<Profile> {
  const found = await database.query<Profile>('select * from anki.user_profiles where uuid = $1', [sub])
  if (!found.rows[0]) throw new Plain(`there is no row of ${sub} in anki.user_profiles`)
  return found.rows[0]
}

function lookAt(directory: string): Directory {
  const found = statSync(directory, { throwIfNoEntry: false })
  if (!found?.isDirectory()) throw new Plain(`there is no directory ${directory}`)
  const mode = (found.mode & 0o7777).toString(8)
  return { path: directory, mode, gid: found.gid, entries: readdirSync(directory).length }
}

function readAuthDb(file: string, sub: string): { username: string; hashLength: number } {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const row = database
      .prepare('select username, length(hash) as length from auth where username = ?')
      .get(sub)
    if (!row) throw new Plain(`there is no row of ${sub} in ${file}`)
    return { username: String(row['username']), hashLength: Number(row['length']) }
  } finally {
    database.close()
  }
}
