import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { signIn, signUp } from '../../cognito/accounts.ts'
import { Plain } from '../../launch/plain.ts'
import { samplePdf, type Sample } from '../../samples/sample-pdf.ts'
import { shown } from '../../stack/place.ts'
import type { Stack } from '../../stack/run.ts'
import { asUser, call } from './call.ts'
import type { Document, Place } from './iep/answers.ts'
import { countHidden } from './iep/hidden.ts'
import { show } from './iep/show.ts'
import { untilProcessed } from './iep/wait.ts'
import { findNewcomer } from './newcomer.ts'
import type { Screen } from './screen.ts'

export interface IepFacts {
  email: string
  sub: string
  childId: string
  profileInMs: number
  printed: Told
  scanned: Told
}

export interface Told {
  sample: Sample
  iepId: string
  /** From the end of the upload until every language was there. */
  tookMs: number
  hidden: Record<string, number>
  document: Document
}

/** A parent signs up, and two copies of her daughter's document go all the way: a printed one, then a scan. */
export async function tellIep(stack: Stack, screen: Screen): Promise<IepFacts> {
  const { say } = screen
  say('\n5  IEP: a parent uploads a document about her child and reads it in four languages')
  const { cognito, postgres } = stack.facts()
  const pool = { endpoint: cognito.endpoint, ...cognito.pools.iep }
  const database = new pg.Client({ connectionString: postgres })
  await database.connect()
  try {
    const { email } = await findNewcomer(pool, 'grace')
    const { sub } = await signUp(pool, { email, username: 'grace' })
    const profileInMs = await untilProfile(stack, database, sub)
    say(`  Grace signed up in Cognito as ${email}; ${profileInMs} ms later she has a profile`)

    const { idToken } = await signIn(pool, { email })
    const parent: Parent = { stack, screen, database, headers: asUser(idToken) }
    const childId = await addAda(parent)
    say('  She agrees that her documents are processed, and adds her daughter Ada')

    const print = await samplePdf({ scan: false })
    say(`\n  There is an IEP of ${print.pages} pages about Ada, who is invented: first as it was printed`)
    const printed = await tellDocument(parent, childId, print)
    say(
      '\n  The same paper from a scanner, pictures without a letter of text; it takes the place of the first',
    )
    const scanned = await tellDocument(parent, childId, await samplePdf({ scan: true }))
    return { email, sub, childId, profileInMs, printed, scanned }
  } finally {
    await database.end()
  }
}

interface Parent {
  stack: Stack
  screen: Screen
  database: pg.Client
  headers: Record<string, string>
}

/** The sign-up makes the profile by itself, whether anybody asks for it or not. */
async function untilProfile(stack: Stack, database: pg.Client, sub: string): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < 30_000) {
    stack.signal.throwIfAborted()
    const found = await database.query('select from iep.profiles where user_id = $1', [sub])
    if (found.rowCount) return Math.round(performance.now() - began)
    await sleep(5)
  }
  throw new Plain(`the sign-up did not become a profile within 30 s: see ${shown(stack.place.log('events'))}`)
}

async function addAda({ stack, headers }: Parent): Promise<string> {
  await call(stack, {
    method: 'PUT',
    path: '/iep/profile',
    headers,
    body: { primaryLanguage: 'es', secondaryLanguage: 'en', city: 'Harbor Glen', consentGiven: true },
    expected: [200],
  })
  const added = await call<{ childId: string }>(stack, {
    method: 'POST',
    path: '/iep/profile/children',
    headers,
    body: { name: 'Ada', schoolCity: 'Harbor Glen' },
    expected: [200],
  })
  return added.body.childId
}

async function tellDocument(parent: Parent, childId: string, sample: Sample): Promise<Told> {
  const { stack, screen, database, headers } = parent
  const place = await call<Place>(stack, {
    method: 'POST',
    path: '/iep/signed-url-knowledge',
    headers,
    body: { fileName: 'Ada IEP 2026.pdf', fileType: 'application/pdf', operation: 'upload', childId },
    expected: [200],
  })
  await upload(stack, place.body, sample)
  screen.say(`    ${megabytes(sample.bytes)} uploaded straight to S3; S3 tells SQS, and the work begins`)

  const began = performance.now()
  const documents = `/iep/profile/children/${childId}/documents`
  const { iepId } = place.body
  await untilProcessed({ stack, screen, headers, path: `${documents}/progress/events`, iepId })
  const tookMs = Math.round(performance.now() - began)
  const { body: document } = await call<Document>(stack, {
    method: 'GET',
    path: `${documents}?include_ocr=false`,
    headers,
    expected: [200],
  })
  if (document.iepId !== iepId) throw new Plain(`the document of the child is not the one just uploaded`)
  const hidden = await countHidden(database, iepId)
  show({ document, hidden, tookMs }, screen.say)
  return { sample, iepId, tookMs, hidden, document }
}

/** The way a browser does: the fields of the form first, the file last. */
async function upload(stack: Stack, place: Place, sample: Sample): Promise<void> {
  const form = new FormData()
  for (const [name, value] of Object.entries(place.upload.fields)) form.append(name, value)
  form.append('file', new Blob([readFileSync(sample.file)], { type: 'application/pdf' }), 'Ada IEP 2026.pdf')
  const answer = await fetch(place.upload.url, {
    method: 'POST',
    body: form,
    signal: AbortSignal.any([stack.signal, AbortSignal.timeout(30_000)]),
  })
  const said = await answer.text()
  if (!answer.ok) throw new Plain(`S3 refused the upload with ${answer.status}: ${said}`)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`
