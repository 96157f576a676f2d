import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Stack } from '../../../stack/run.ts'
import type { Person } from './people.ts'

/** One object of S3. */
export interface Kept {
  bucket: string
  key: string
}

/**
 * What S3 keeps of a file, once it is so much and no more.
 * @throws Plain when it does not come to that
 */
export async function untilKept(
  stack: Stack,
  { userId }: Person,
  file: { mediaId: string; fileName: string },
  objects: number,
): Promise<Kept[]> {
  const { region, endpoint, buckets, accessKeyId, secretAccessKey } = stack.facts().s3
  const credentials = accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}
  const s3 = new S3Client({ region, endpoint, ...credentials, forcePathStyle: true })
  const list = async (Bucket: string): Promise<Kept[]> => {
    const found = await Promise.all(
      ['uploads', 'media'].map((folder) =>
        s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${folder}/${userId}/${file.mediaId}` })),
      ),
    )
    return found.flatMap(({ Contents = [] }) =>
      Contents.map(({ Key = '' }) => ({ bucket: Bucket, key: Key })),
    )
  }
  try {
    const deadline = performance.now() + PATIENCE
    const places = buckets.filter((name) => name.startsWith('pre-work-'))
    for (;;) {
      stack.signal.throwIfAborted()
      const kept = (await Promise.all(places.map(list))).flat()
      if (kept.length === objects) return kept
      if (performance.now() > deadline) throw new Plain(otherwise(stack, file.fileName, objects, kept))
      await sleep(50)
    }
  } finally {
    s3.destroy()
  }
}

const PATIENCE = 30_000

const otherwise = ({ place }: Stack, fileName: string, wanted: number, kept: Kept[]): string =>
  `S3 has ${kept.length} objects of ${fileName} instead of ${wanted}: see ${shown(place.log('worker'))}`
