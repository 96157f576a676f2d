import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { SeenCall } from '../../../local/mistral/calls.ts'
import type { Change } from '../../../local/mistral/settings.ts'
import { addChild } from '../../../src/domains/iep/children.ts'
import { changeProfile, ensureProfile } from '../../../src/domains/iep/profiles.ts'
import { openUpload } from '../../../src/domains/iep/uploads.ts'
import { ask } from '../../../src/jobs/define.ts'
import { receiveDocument } from '../../../src/jobs/iep/receive-document.ts'
import { minutes } from '../../../src/shared/time.ts'
import { openBenchAsking, type BenchAsking } from '../../asking.ts'
import type { Message, Program } from '../../program.ts'
import type { Stack } from '../../stack.ts'

/** Where documents are worked on: a fresh database, a bucket, a provider, and worker processes. */
export interface Place extends AsyncDisposable {
  asking: BenchAsking
  workers: Program[]
  /** A parent who agrees to everything and has so many children. */
  parent(children: number): Promise<Parent>
  /** Puts a PDF into the bucket, at a place opened as the API does. */
  upload(parent: Parent, childId: string, pdf: Buffer): Promise<Paper>
  /** Tells of an object, as the reaction to S3's event does. */
  arrive(paper: Paper): Promise<void>
  /** Resolves when the document can be read in every language, or throws when it has failed. */
  processed(paper: Paper): Promise<void>
  /** The calls to the provider so far, refused ones included. */
  calls(): Promise<SeenCall[]>
}

export interface Parent {
  userId: string
  children: string[]
}

export interface Paper {
  userId: string
  childId: string
  iepId: string
}

export async function openPlace(stack: Stack, settings: Change, workers: number): Promise<Place> {
  await stack.clearRedis()
  const closing = new AsyncDisposableStack()
  try {
    const standIns = stack.start('programs/stand-ins.ts', {
      env: {
        ...credentials,
        MISTRAL_SETTINGS: JSON.stringify(settings),
        S3_DIRECTORY: path.join(stack.directory, `s3-${randomUUID()}`),
      },
    })
    closing.defer(() => standIns.end())
    const at = await standIns.says<Message & Addresses>('up')
    const env = {
      ...stack.env,
      ...credentials,
      DATABASE_URL: await stack.databases.fresh('millrace'),
      AWS_REGION: at.region,
      AWS_ENDPOINT_URL_S3: at.s3,
      IEP_BUCKET: bucket,
      MISTRAL_URL: at.mistral,
      MISTRAL_API_KEY: at.apiKey,
    }
    const s3 = openS3(at)
    closing.defer(() => s3.destroy())
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const asking = openBenchAsking(env)
    closing.use(asking)
    const started = Array.from({ length: workers }, (_, index) =>
      stack.start('programs/documents-worker.ts', { name: `documents-worker-${index + 1}`, env }),
    )
    closing.defer(async () => void (await Promise.all(started.map((worker) => worker.end()))))
    await Promise.all(started.map((worker) => worker.says('up')))
    return placeOf({ asking, s3, workers: started, mistral: at.mistral, closing })
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

interface Addresses {
  s3: string
  region: string
  mistral: string
  apiKey: string
}

const bucket = 'papers'
const credentials = { AWS_ACCESS_KEY_ID: 'ADA', AWS_SECRET_ACCESS_KEY: 'ada-keeps-this-to-herself' }

const openS3 = ({ s3, region }: Addresses): S3Client =>
  new S3Client({
    endpoint: s3,
    region,
    credentials: {
      accessKeyId: credentials.AWS_ACCESS_KEY_ID,
      secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY,
    },
    forcePathStyle: true,
  })

function placeOf({
  asking,
  s3,
  workers,
  mistral,
  closing,
}: {
  asking: BenchAsking
  s3: S3Client
  workers: Program[]
  mistral: string
  closing: AsyncDisposableStack
}): Place {
  const { database, accept } = asking
  return {
    asking,
    workers,
    parent: (children) =>
      database.transaction(async (tx) => {
        const userId = randomUUID()
        await ensureProfile(tx, userId)
        await changeProfile(tx, userId, { consentGiven: true })
        const ids: string[] = []
        for (let child = 0; child < children; child += 1)
          ids.push((await addChild(tx, userId, { name: 'Ada', schoolCity: 'Harbor Glen' })).childId)
        return { userId, children: ids }
      }),
    upload: async ({ userId }, childId, pdf) => {
      const { key, iepId } = await database.transaction((tx) =>
        openUpload(tx, { userId, childId, fileName: 'plan.pdf' }),
      )
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: pdf, ContentType: 'application/pdf' }),
      )
      return { userId, childId, iepId }
    },
    arrive: async (paper) => {
      await accept.now(ask(receiveDocument, { ...paper, writing: 'the first' }), 'bench')
    },
    processed: async ({ iepId }) => {
      const until = Date.now() + minutes(10)
      for (;;) {
        const [document] = await database.run<{ status: string; languages: number }>(stateOf, [iepId])
        if (document?.status === 'PROCESSED') {
          if (document.languages !== 4) throw new Error(`Only ${document.languages} languages became ready.`)
          return
        }
        if (document?.status.endsWith('FAILED')) throw new Error(`A document ended ${document.status}.`)
        if (Date.now() > until) throw new Error('A document was not done in ten minutes.')
        await sleep(10)
      }
    },
    calls: async () => {
      const answer = await fetch(`${mistral}/_calls`)
      if (!answer.ok) throw new Error(`The provider did not tell its calls: ${answer.status}.`)
      return (await answer.json()) as SeenCall[]
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const stateOf = {
  name: 'bench.document',
  text: `
select status, (select count(*)::int from iep.language_versions v where v.iep_id = d.iep_id and v.state = 'ready') as languages
from iep.documents d where iep_id = $1`,
}
