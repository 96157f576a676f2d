import { setTimeout as sleep } from 'node:timers/promises'
import sharp, { type Metadata } from 'sharp'
import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Say } from '../../../stack/progress.ts'
import type { Stack } from '../../../stack/run.ts'
import { call } from '../call.ts'
import type { AvatarPlace, Profile } from './answers.ts'
import type { Person } from './people.ts'

export interface PictureFacts {
  avatarUrl: string
  width: number
  height: number
  format: string
  /** From the end of the upload until it could be set. */
  tookMs: number
}

/** Uploads a picture as a phone takes it, and sets what became of it. */
export async function tellPicture(stack: Stack, person: Person, say: Say): Promise<PictureFacts> {
  const photo = await takePhoto()
  const { avatar_url: avatarUrl, upload } = await person.ask<AvatarPlace>({
    method: 'POST',
    path: '/profiles/avatar/upload-url',
    body: { content_type: 'image/jpeg' },
    expected: 201,
  })
  await send(stack, upload, photo)
  say(
    `  ${person.name} uploads a picture of herself to S3, 1200 × 900 and with the place it was taken at in it`,
  )

  const began = performance.now()
  await untilSet(stack, person, avatarUrl)
  const tookMs = Math.round(performance.now() - began)
  const { width, height, format, exif } = await look(stack, avatarUrl)
  if (exif) throw new Plain('the picture still has what the camera wrote into it')
  say(`    checked and made anew after ${tookMs} ms: ${width} × ${height}, ${format}, nothing else in it`)
  say(`    ${avatarUrl}`)
  return { avatarUrl, width, height, format, tookMs }
}

/** Says where it was taken, as phones do. */
async function takePhoto(): Promise<Buffer> {
  const face = `<svg width="1200" height="900"><rect width="1200" height="900" fill="#2b4c7e"/>
    <circle cx="600" cy="450" r="300" fill="#f2c14e"/><circle cx="490" cy="380" r="36"/><circle cx="710" cy="380" r="36"/>
    <path d="M430 530 Q600 700 770 530" fill="none" stroke="#000" stroke-width="28" stroke-linecap="round"/></svg>`
  const place = { GPSLatitudeRef: 'N', GPSLatitude: '40/1 42/1 46/1', GPSLongitudeRef: 'W' }
  return sharp(Buffer.from(face))
    .withExif({ IFD0: { Model: 'Millrace' }, IFD3: place })
    .jpeg()
    .toBuffer()
}

async function send(stack: Stack, { url, fields }: AvatarPlace['upload'], photo: Buffer): Promise<void> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), 'me.jpg')
  const signal = AbortSignal.any([stack.signal, AbortSignal.timeout(30_000)])
  const answer = await fetch(url, { method: 'POST', body: form, signal })
  const said = await answer.text()
  if (!answer.ok) throw new Plain(`S3 refused the picture with ${answer.status}: ${said}`)
}

/** Until a picture has been looked at, it cannot be set. */
async function untilSet(stack: Stack, { headers }: Person, avatarUrl: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    const { status, body } = await call<Profile>(stack, {
      method: 'PATCH',
      path: '/lockin/api/me',
      headers,
      body: { avatar_url: avatarUrl },
      expected: [200, 409],
    })
    if (status === 200 && body.avatar_url === avatarUrl) return
    await sleep(100)
  }
  throw new Plain(`the picture was not ready within 30 s: see ${shown(stack.place.log('worker'))}`)
}

/** As anybody sees it who has the address. */
async function look(stack: Stack, avatarUrl: string): Promise<Metadata> {
  const answer = await fetch(new URL(avatarUrl, stack.facts().web), { signal: stack.signal })
  if (!answer.ok) throw new Plain(`the picture was answered with ${answer.status}: ${await answer.text()}`)
  return sharp(Buffer.from(await answer.arrayBuffer())).metadata()
}
