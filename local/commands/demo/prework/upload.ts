import { setTimeout as sleep } from 'node:timers/promises'
import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Stack } from '../../../stack/run.ts'
import type { Screen } from '../screen.ts'
import type { Media, Upload } from './answers.ts'
import type { Person } from './people.ts'

export interface FileToSend {
  fileName: string
  contentType: string
  bytes: Buffer
}

/** Asks for an upload and fills its form, the way a browser does: the fields first, the file last. */
export async function upload(stack: Stack, person: Person, file: FileToSend): Promise<Media> {
  const { fileName, contentType, bytes } = file
  const asked = new URLSearchParams({ fileName, contentType, size: String(bytes.length) })
  const { media, upload: form } = await person.ask<Upload>({
    method: 'GET',
    path: `/media?${asked.toString()}`,
    expected: 200,
  })
  const body = new FormData()
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value)
  body.append('file', new Blob([new Uint8Array(bytes)], { type: contentType }), fileName)
  const signal = AbortSignal.any([stack.signal, AbortSignal.timeout(30_000)])
  const answer = await fetch(form.url, { method: 'POST', body, signal })
  const said = await answer.text()
  if (!answer.ok) throw new Plain(`S3 refused ${fileName} with ${answer.status}: ${said}`)
  return media
}

/**
 * Shows how far a file is, as a page does on which somebody waits for it.
 * @throws Plain when it is not done in time, or ends otherwise than expected
 */
export async function untilLookedAt(
  { stack, screen, person }: { stack: Stack; screen: Screen; person: Person },
  { mediaId, fileName }: Media,
  expected: 'completed' | 'failed',
): Promise<Media> {
  const began = performance.now()
  for (;;) {
    stack.signal.throwIfAborted()
    const { media } = await person.ask<{ media: Media }>({
      method: 'GET',
      path: `/media/${mediaId}`,
      expected: 200,
    })
    const seconds = Math.floor((performance.now() - began) / 1000)
    const { uploadStatus: status, problem } = media
    screen.live(`    ${String(seconds).padStart(2)} s  ${fileName} is ${status}`)
    if (status !== 'uploading') screen.keep()
    if (status === expected) return media
    if (status !== 'uploading')
      throw new Plain(
        `${fileName} is ${status} instead of ${expected}${problem ? `: ${problem.message}` : ''}`,
      )
    if (seconds > LIMIT)
      throw new Plain(
        `${fileName} was not looked at within ${LIMIT} s: see ${shown(stack.place.log('media'))}`,
      )
    await sleep(50)
  }
}

/** In seconds; many times what it takes. */
const LIMIT = 60
