import { readFileSync } from 'node:fs'
import { Mistral } from '@mistralai/mistralai'
import Pdf from 'pdfkit'
import sharp from 'sharp'
import { afterEach, expect, test } from 'vitest'
import { drawPage, openForDrawing } from '../../local/pdf/picture.ts'
import { Recognisers, Unreadable } from '../../local/pdf/recognisers.ts'
import { startMistral, type MistralOptions, type MistralStack } from '../../local/mistral/server.ts'

/** For a machine that is busy with other things. */
const patiently = { timeout: 30_000 }

let stack: MistralStack | undefined

afterEach(async () => {
  await stack?.stop()
  stack = undefined
  await expect.poll(children, patiently).toEqual([])
})

const english = [
  'Present levels',
  'Ada reads 62 words per minute. She was assessed on',
  'October 3, 2026 by Grace Hopper.',
  '- Speech therapy: 30 minutes per week',
]

test('a scanned page is read, word by word, with the certainty of the reader', async () => {
  const { mistral } = await start()

  const answer = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: pdfUrl(await scan([english, []])),
    confidenceScoresGranularity: 'word',
  })

  const [page, blank] = answer.pages
  expect(page?.markdown).toMatch(/^#{1,2} Present levels\n\n/)
  expect(page?.markdown.replaceAll('\n', ' ')).toContain(
    'Ada reads 62 words per minute. She was assessed on October 3, 2026 by Grace Hopper.',
  )
  expect(page?.markdown).toContain('- Speech therapy: 30 minutes per week')
  const scores = page?.confidenceScores
  expect(scores?.averagePageConfidenceScore).toBeGreaterThan(0.7)
  expect(scores?.averagePageConfidenceScore).toBeLessThan(1)
  const hopper = scores?.wordConfidenceScores?.find(({ text }) => text.startsWith('Hopper'))
  expect(page?.markdown.slice(hopper?.startIndex)).toMatch(/^Hopper/)
  expect(page?.dimensions).toEqual({ dpi: 200, width: 1167, height: 556 })
  expect(page?.blocks?.[0]).toMatchObject({ type: 'title' })
  expect(blank).toMatchObject({ index: 1, markdown: '', confidenceScores: null })
})

test('with the setting for Spanish the accents are read', async () => {
  const { mistral, settings } = await start()
  settings.change({ ocrLanguages: ['spa'] })
  const lines = ['La niña recibirá terapia del habla', 'el próximo año, según la evaluación.']

  const answer = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: {
      type: 'image_url',
      imageUrl: `data:image/png;base64,${(await picture(lines)).toString('base64')}`,
    },
  })

  expect(answer.pages[0]?.markdown.replaceAll('\n', ' ')).toBe(lines.join(' '))
})

test('a stamp on a scanned page does not hide what is on the picture', async () => {
  const { mistral } = await start()

  const answer = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: pdfUrl(await scan([english], { stamp: 'Page 1' })),
  })

  expect(answer.pages[0]?.markdown).toContain('Grace Hopper')
})

test('a page as large as a stadium is drawn small enough', async () => {
  const bytes = await pdf((document) =>
    document
      .addPage({ size: [1_440_000, 720_000] })
      .rect(9, 9, 500_000, 500_000)
      .fill(),
  )
  const document = await openForDrawing(bytes)

  const drawn = await drawPage(document, 0, 200)

  expect(await sharp(drawn?.png).metadata()).toMatchObject({ width: 3000, height: 1500 })
})

test('stopping ends a reader that is looking at a page', async () => {
  const { mistral, stop } = await start()
  const reading = mistral.ocr
    .process({ model: 'mistral-ocr-4-1', document: pdfUrl(await scan([english])) })
    .catch((error: unknown) => error)
  await expect.poll(() => children().filter(isRecogniser), patiently).toHaveLength(1)

  await stop()

  expect(await reading).toMatchObject({ name: 'ConnectionError' })
  expect(children()).toEqual([])
})

test('a picture that cannot be read in time is given up, and the next one is read', async () => {
  const eyes = new Recognisers({ most: 1, milliseconds: 1 })
  const patient = new Recognisers({ most: 1, warmFor: 20 })
  const png = await picture(['Ada reads.'])
  const { signal } = new AbortController()

  await expect(eyes.read({ png, scale: 1 }, ['eng'], signal)).rejects.toBeInstanceOf(Unreadable)
  expect(eyes.size).toBe(0)
  const sight = await patient.read({ png, scale: 1 }, ['eng'], signal)
  expect(sight.paragraphs[0]?.lines[0]?.text).toBe('Ada reads.')
  await expect.poll(() => patient.size, patiently).toBe(0) // it was idle for long enough

  await Promise.all([eyes.stop(), patient.stop()])
})

async function start(options?: MistralOptions) {
  stack = await startMistral(options)
  const mistral = new Mistral({
    apiKey: stack.apiKey,
    serverURL: stack.url,
    retryConfig: { strategy: 'none' },
  })
  return { ...stack, mistral }
}

const pdfUrl = (bytes: Buffer) => ({
  type: 'document_url' as const,
  documentUrl: `data:application/pdf;base64,${bytes.toString('base64')}`,
})

/** Pages that are pictures of these lines, 420 by 200 points; without lines a blank sheet. */
async function scan(pages: string[][], { stamp }: { stamp?: string } = {}): Promise<Buffer> {
  const pictures = await Promise.all(pages.map(picture))
  return pdf((document) => {
    for (const image of pictures) {
      document.addPage({ size: [420, 200], margin: 0 }).image(image, 0, 0, { width: 420 })
      if (stamp) document.fontSize(8).text(stamp, 380, 185)
    }
  })
}

/** The first line is larger, as a heading is, if others follow. */
async function picture(lines: string[]): Promise<Buffer> {
  const typeset = await pdf((document) => {
    document.addPage({ size: [420, 200], margin: 24 })
    lines.forEach((line, index) => document.fontSize(index === 0 && lines.length > 2 ? 20 : 12).text(line))
  })
  const drawn = await drawPage(await openForDrawing(typeset), 0, 200)
  const blank = { create: { width: 1166, height: 555, channels: 3 as const, background: 'white' } }
  const image = drawn ? sharp(drawn.png) : sharp(blank)
  return image.jpeg({ quality: 70 }).toBuffer()
}

async function pdf(draw: (document: PDFKit.PDFDocument) => unknown): Promise<Buffer> {
  const document = new Pdf({ autoFirstPage: false })
  draw(document)
  document.end()
  const chunks: Buffer[] = []
  for await (const chunk of document) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The command lines of this process's children, where the system shows them. */
function children(): string[] {
  const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  return pids.filter(Boolean).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
}

const isRecogniser = (command: string): boolean => command.includes('recognise-process')
