import pg from 'pg'
import { Plain } from '../../launch/plain.ts'
import type { Say } from '../../stack/progress.ts'
import type { Stack } from '../../stack/run.ts'
import { asServer } from './call.ts'
import { follow } from './follow.ts'
import type { Entry, Media, Submission } from './prework/answers.ts'
import { tellBroken } from './prework/broken.ts'
import { untilKept, type Kept } from './prework/kept.ts'
import { tellPeople, type People } from './prework/people.ts'
import { takePhoto, type Photo } from './prework/photo.ts'
import { tellReview } from './prework/review.ts'
import { tellPictures, type PicturesFacts } from './prework/thumbnails.ts'
import { drawTrail, readTrail, type Thing } from './prework/trail.ts'
import { untilLookedAt, upload } from './prework/upload.ts'
import type { Screen } from './screen.ts'
import { drawTimeline } from './timeline.ts'

export interface PreworkFacts {
  people: Record<string, { userId: string; email: string; role: string }>
  photo: PhotoFacts
  submission: Submission
  broken: { media: Media; kept: number }
  /** How what must not happen was answered. */
  refused: { address: string; stale: string }
  trail: Entry[]
}

interface PhotoFacts extends PicturesFacts {
  media: Media
  /** From the end of the upload until it was completed. */
  tookMs: number
  /** All there is of it in S3. */
  kept: Kept[]
}

interface Telling {
  stack: Stack
  screen: Screen
}

/** A photo goes from a phone into an approved submission, and every change on the way is in the audit log. */
export async function tellPrework(stack: Stack, screen: Screen): Promise<PreworkFacts> {
  const telling = { stack, screen }
  const [people, shot] = await Promise.all([tellPeople(stack, screen.say), takePhoto()])
  const photo = await tellPhoto(telling, people, shot)
  const { submission, refused: stale } = await tellReview(people, photo.media, screen.say)
  const broken = await tellBroken({ ...telling, person: people.ada })
  const trail = await tellTrail(telling, people, { photo: photo.media, plan: broken.media, submission })
  const { grace, ada, taken } = people
  return {
    people: Object.fromEntries(
      [grace, ada].map(({ name, userId, email, role }) => [name, { userId, email, role }]),
    ),
    photo,
    submission,
    broken,
    refused: { address: taken, stale },
    trail,
  }
}

async function tellPhoto({ stack, screen }: Telling, { ada }: People, photo: Photo): Promise<PhotoFacts> {
  const { bytes, width, height } = photo
  const file = { fileName: 'Mill at dawn.jpg', contentType: 'image/jpeg', bytes }
  const opened = await upload(stack, ada, file)
  screen.say(
    `\n  Ada uploads ${file.fileName} to S3 as her phone took it: ${height} × ${width}, lying on its side,`,
  )
  screen.say(`    ${megabytes(bytes.length)}, with where that was in it. Her app waits:`)
  const began = Date.now()
  const media = await untilLookedAt({ stack, screen, person: ada }, opened, 'completed')
  const tookMs = Date.now() - began
  if (media.bytes !== bytes.length || media.width !== width || media.height !== height)
    throw new Plain(`the photo is known as ${media.width} × ${media.height} with ${media.bytes} bytes`)
  await tellWay(stack, media, began, screen.say)
  const pictures = await tellPictures({ stack, screen, person: ada }, media, photo)
  const kept = await untilKept(stack, ada, media, 3)
  if (kept.some(({ key }) => key.startsWith('uploads/'))) throw new Plain('the upload itself is still in S3')
  screen.say('      that is all there is: what the phone sent is gone from S3')
  return { media, tookMs, kept, ...pictures }
}

/** Where the time went: the event's way, and the job's, which its history tells. */
async function tellWay(stack: Stack, { mediaId }: Media, began: number, say: Say): Promise<void> {
  const { postgres, keys } = stack.facts()
  const id = await findJob(postgres, mediaId)
  const history = await follow(stack, { id, headers: asServer(keys.prework), heard: () => undefined })
  const states = history.map(({ name, at }, index) => ({ name, from: at, to: history[index + 1]?.at ?? at }))
  const arrival = {
    name: 'S3, SQS, events',
    from: Math.min(began, history[0]?.at ?? began),
    to: history[0]?.at ?? began,
  }
  for (const line of drawTimeline([arrival, ...states.slice(0, -1)])) say(`    ${line}`)
}

/** What an event asked for has no receipt, so look into the ledger. */
async function findJob(postgres: string, key: string): Promise<string> {
  const database = new pg.Client({ connectionString: postgres })
  await database.connect()
  try {
    const found = await database.query<{ id: string }>(
      `select id from millrace.jobs where name = 'prework.process-media' and key = $1`,
      [key],
    )
    if (!found.rows[0]) throw new Plain('the photo was completed without a job')
    return found.rows[0].id
  } finally {
    await database.end()
  }
}

async function tellTrail(
  { stack, screen }: Telling,
  { grace, ada }: People,
  { photo, plan, submission }: { photo: Media; plan: Media; submission: Submission },
): Promise<Entry[]> {
  const things: Thing[] = [
    { id: grace.userId, name: 'Grace', entries: ['server create', 'Grace link-sign-in'] },
    { id: grace.profileId, name: 'of Grace', entries: ['server create'] },
    { id: ada.userId, name: 'Ada', entries: ['Grace create', 'Ada link-sign-in'] },
    { id: ada.profileId, name: 'of Ada', entries: ['Grace create'] },
    {
      id: submission.submissionId,
      name: submission.title,
      entries: ['Ada create', 'Ada submit', 'Grace review', 'Grace review'],
    },
    { id: photo.mediaId, name: photo.fileName, entries: ['Ada create', 'server complete', 'Ada update'] },
    { id: plan.mediaId, name: plan.fileName, entries: ['Ada create', 'server fail'] },
  ]
  const nameOf = (id: string): string | undefined => things.find((thing) => thing.id === id)?.name
  const trail = await readTrail(stack, grace, things, nameOf)
  screen.say(`\n  All of it as the audit log has it, which nobody can write to: ${trail.length} entries`)
  for (const line of drawTrail(trail, nameOf)) screen.say(`    ${line}`)
  const last = trail.findLast(({ userId }) => userId === grace.userId)
  screen.say(
    `    and from where: the approval from ${last?.ip}, by ${last?.userAgent}, request ${last?.requestId}`,
  )
  return trail
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`
