import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { Entry } from '../../../local/commands/demo/prework/answers.ts'
import { drawPicture, drawSideBySide } from '../../../local/commands/demo/prework/draw.ts'
import { mill, takePhoto } from '../../../local/commands/demo/prework/photo.ts'
import { lookAt } from '../../../local/commands/demo/prework/thumbnails.ts'
import { drawTrail, wantTrail } from '../../../local/commands/demo/prework/trail.ts'
import { Plain } from '../../../local/launch/plain.ts'

test('two rows of pixels are one line of half blocks, the upper one its ink, the lower one its ground', () => {
  const data = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])

  expect(drawPicture({ data, width: 2, height: 2 })).toEqual([
    '\u001B[38;2;1;2;3m\u001B[48;2;7;8;9m▀\u001B[38;2;4;5;6m\u001B[48;2;10;11;12m▀\u001B[0m',
  ])
})

test('pictures of one height are drawn beside each other', async () => {
  const red = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#f00' } })
    .webp({ lossless: true })
    .toBuffer()
  const block = '\u001B[38;2;255;0;0m\u001B[48;2;255;0;0m▀'

  const lines = await drawSideBySide([red, red], 1)

  expect(lines).toEqual([`${block}${block}\u001B[0m   ${block}${block}\u001B[0m`])
})

test('the photo of the demo lies on its side and says where it was taken', async () => {
  const { bytes, width, height } = await takePhoto()

  const written = await sharp(bytes).metadata()
  expect(written).toMatchObject({ width: height, height: width, orientation: 6 })
  const upright = await sharp(bytes).autoOrient().keepExif().resize(300, 300).webp().toBuffer()
  const wanted = { name: 'the small thumbnail', format: 'webp', width: 300, height: 300 }
  await expect(lookAt(upright, wanted)).rejects.toThrow(
    new Plain('the small thumbnail still has what the camera wrote into it'),
  )
})

test('a thumbnail is taken for good only when it has its size, stands upright and holds nothing but pixels', async () => {
  const wanted = { name: 'the small thumbnail', format: 'webp', width: 300, height: 300 }
  const small = () => sharp(Buffer.from(mill)).resize(300, 300).webp()
  const turned = await sharp(await small().toBuffer())
    .rotate(90)
    .toBuffer()
  const flipped = await small().flip().toBuffer()
  const smaller = await small().resize(200, 200).toBuffer()

  expect(await lookAt(await small().toBuffer(), wanted)).toMatchObject({ width: 300, format: 'webp' })
  for (const wrong of [turned, flipped])
    await expect(lookAt(wrong, wanted)).rejects.toThrow('does not show the photo the way up it was taken')
  await expect(lookAt(smaller, wanted)).rejects.toThrow('is 200 × 200, webp, instead of 300 × 300, webp')
})

const entry = (said: Partial<Entry>): Entry => ({
  logId: '01',
  at: '2026-11-21T17:00:00.123Z',
  userId: 'ada-1',
  entityType: 'submission',
  entityId: 'submission-1',
  action: 'create',
  before: {},
  after: {},
  ip: '127.0.0.1',
  userAgent: 'node',
  requestId: 'request-1',
  ...said,
})
const nameOf = (id: string): string | undefined => ({ 'ada-1': 'Ada', 'media-1': 'mill.jpg' })[id]

test('a trail that lacks an entry, has one too many, or does not say where it came from is refused', () => {
  const thing = { id: 'media-1', name: 'mill.jpg', entries: ['Ada create', 'server complete'] }
  const [made, completed] = [entry({}), entry({ userId: 'server', action: 'complete' })]

  wantTrail(thing, [made, completed], nameOf)
  expect(() => wantTrail(thing, [made], nameOf)).toThrow(
    new Plain('the audit log has of mill.jpg: Ada create; it should have Ada create, server complete'),
  )
  expect(() => wantTrail(thing, [made, completed, completed], nameOf)).toThrow('it should have')
  expect(() => wantTrail(thing, [completed, made], nameOf)).toThrow('it should have')
  expect(() => wantTrail(thing, [made, { ...completed, requestId: '' }], nameOf)).toThrow(
    'an entry of mill.jpg in the audit log does not say where it came from',
  )
})

test('a trail is a table in which what changed comes first, and ids have names', () => {
  const entries = [
    entry({
      action: 'submit',
      before: { status: 'draft', mediaFiles: null, note: null },
      after: { status: 'submitted', mediaFiles: ['media-1'], note: null },
    }),
    entry({ userId: 'server', action: 'complete', entityType: 'media', entityId: 'media-1' }),
  ]

  expect(drawTrail(entries, nameOf)).toEqual([
    'when (UTC)    who     what                     before → after',
    '17:00:00.123  Ada     submit submission        status draft → submitted, mediaFiles [mill.jpg]',
    '17:00:00.123  server  complete media mill.jpg  –',
  ])
})
