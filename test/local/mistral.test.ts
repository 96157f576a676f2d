import { crc32, deflateRawSync, deflateSync, constants } from 'node:zlib'
import { Mistral } from '@mistralai/mistralai'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { startMistral, type MistralOptions, type MistralStack } from '../../local/mistral/server.ts'

let stack: MistralStack | undefined

afterEach(async () => {
  await stack?.stop()
  stack = undefined
})

/** For a machine that is busy with other things. */
const patiently = { timeout: 30_000 }

const goals: Text[][] = [
  [
    { at: [72, 700], size: 24, text: 'Reading goals' },
    { at: [72, 660], size: 12, text: 'Ada reads forty words a minute.' },
    { at: [72, 645], size: 12, text: 'Grace listens.' },
  ],
  [{ at: [72, 700], size: 12, text: 'Linus writes his name.' }],
  [],
]

test('the text layer of a PDF comes back as markdown, page by page', async () => {
  const { mistral } = await start()

  const answer = await mistral.ocr.process({ model: 'mistral-ocr-latest', document: dataUrl(pdf(goals)) })

  expect(answer.model).toBe('mistral-ocr-4-1-completion')
  expect(answer.usageInfo).toEqual({ pagesProcessed: 3, docSizeBytes: pdf(goals).length })
  expect(answer.pages.map(({ markdown }) => markdown)).toEqual([
    '# Reading goals\n\nAda reads forty words a minute.\nGrace listens.',
    'Linus writes his name.',
    '', // no text layer
  ])
  expect(answer.pages[0]?.dimensions).toEqual({ dpi: 200, width: 1700, height: 2200 })
  expect(answer.pages[0]?.blocks).toMatchObject([
    { type: 'title', content: 'Reading goals', topLeftX: 200, bottomRightY: 256 },
    { type: 'text', content: 'Ada reads forty words a minute.\nGrace listens.', topLeftX: 200 },
  ])
})

test('what stands in columns is a table', async () => {
  const { mistral } = await start()
  const row = (y: number, ...cells: string[]): Text[] =>
    cells.map((text, column) => ({ at: [72 + 150 * column, y], size: 12, text }))
  const page = [
    { at: [72, 720] as [number, number], size: 12, text: 'These services are given in the school year.' },
    ...row(700, 'Service', 'Time', 'Given by'),
    ...row(680, 'Speech therapy', '30 minutes per week', 'Grace'),
    ...row(660, 'Reading', '', 'Linus'),
    { at: [72, 640] as [number, number], size: 12, text: 'Ada likes them.' },
  ]

  const answer = await mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(pdf([page])) })

  expect(answer.pages[0]?.markdown.split('\n\n')[1]).toBe(
    '| Service | Time | Given by |\n| --- | --- | --- |\n' +
      '| Speech therapy | 30 minutes per week | Grace |\n| Reading |  | Linus |',
  )
})

test('only the pages that were asked for are read', async () => {
  const { mistral } = await start()
  const read = async (pages: string | number[]) => {
    const answer = await mistral.ocr.process({
      model: 'mistral-ocr-4-1',
      document: dataUrl(pdf(goals)),
      pages,
    })
    return answer.pages.map(({ index }) => index)
  }

  expect(await read([1])).toEqual([1])
  expect(await read('0,1-9999999999')).toEqual([0, 1, 2])
  await expect(read('two')).rejects.toMatchObject({ statusCode: 422 })
})

test('an annotation and confidence scores come when asked for', async () => {
  const { mistral } = await start()
  const shape = z.object({ reader: z.string(), pages: z.int() })

  const answer = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: dataUrl(pdf(goals)),
    confidenceScoresGranularity: 'word',
    documentAnnotationFormat: formatOf(shape),
  })

  expect(shape.parse(JSON.parse(answer.documentAnnotation ?? ''))).toBeDefined()
  expect(answer.pages[1]?.confidenceScores?.wordConfidenceScores?.map(({ text }) => text)).toContain('Linus')
  expect(answer.pages[2]?.confidenceScores).toBeNull()
})

test('a file is uploaded, read by its id, downloaded through a signed address, and deleted', async () => {
  const { mistral } = await start()

  const file = await upload(mistral, 'Förderplan 阅读.pdf', pdf(goals))
  expect(file).toMatchObject({
    filename: 'Förderplan 阅读.pdf',
    purpose: 'ocr',
    sizeBytes: pdf(goals).length,
  })
  expect((await mistral.files.list({})).data.map(({ id }) => id)).toEqual([file.id])

  const read = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: { type: 'file', fileId: file.id },
  })
  expect(read.pages).toHaveLength(3)

  const { url } = await mistral.files.getSignedUrl({ fileId: file.id, expiry: 1 })
  expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(pdf(goals))

  expect(await mistral.files.delete({ fileId: file.id })).toMatchObject({ id: file.id, deleted: true })
  expect((await fetch(url)).status).toBe(404)
  await expect(mistral.files.retrieve({ fileId: file.id })).rejects.toMatchObject({ statusCode: 404 })
})

test('identical bytes share one file id, so that one deletes for both', async () => {
  const { mistral } = await start()

  const ada = await upload(mistral, 'ada.pdf', pdf(goals))
  const grace = await upload(mistral, 'grace.pdf', pdf(goals))
  await mistral.files.delete({ fileId: ada.id })

  expect(grace.id).toBe(ada.id)
  const document = { type: 'file' as const, fileId: grace.id }
  await expect(mistral.ocr.process({ model: 'mistral-ocr-4-1', document })).rejects.toMatchObject({
    statusCode: 404,
    body: '{"detail":"File not found"}',
  })
})

test('a document is fetched from a presigned address, and one that is refused there is a bad file here', async () => {
  const { mistral } = await start()
  const stopped = await startMistral()
  await stopped.stop()
  const file = await upload(mistral, 'goals.pdf', pdf(goals))
  const { url } = await mistral.files.getSignedUrl({ fileId: file.id, expiry: 1 })
  const read = (documentUrl: string) =>
    mistral.ocr.process({ model: 'mistral-ocr-4-1', document: { type: 'document_url', documentUrl } })

  expect((await read(url)).pages).toHaveLength(3)
  await expect(read(url.replace(/signature=.{8}/, 'signature=00000000'))).rejects.toMatchObject(badFile)
  await expect(read(stopped.url)).rejects.toMatchObject(badFile)
  await expect(read('file:///etc/hostname')).rejects.toMatchObject(badFile)
})

test('an image is one page, and one too small for a letter is empty', async () => {
  const { mistral } = await start()
  const imageUrl = `data:image/png;base64,${png().toString('base64')}`

  const answer = await mistral.ocr.process({
    model: 'mistral-ocr-4-1',
    document: { type: 'image_url', imageUrl },
  })

  expect(answer.pages).toMatchObject([{ index: 0, markdown: '', dimensions: { width: 1, height: 1 } }])
})

test('what is no document, damaged, encrypted or too large is a bad file', async () => {
  const { mistral } = await start()
  const read = (bytes: Buffer) => mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(bytes) })

  await expect(read(Buffer.from('Dear Ada, this is a letter.'))).rejects.toMatchObject(badFile)
  await expect(read(Buffer.from('%PDF-1.7 and then nothing'))).rejects.toMatchObject(badFile)
  await expect(read(png())).rejects.toMatchObject(badFile)
  await expect(read(pdf(goals, { encrypted: true }))).rejects.toThrow('File is encrypted')

  const { id } = await upload(mistral, 'large.pdf', Buffer.alloc(50 * 2 ** 20 + 1, '%PDF-1.7 '))
  const document = { type: 'file' as const, fileId: id }
  await expect(mistral.ocr.process({ model: 'mistral-ocr-4-1', document })).rejects.toThrow(
    'File is too large',
  )
})

test('a document of more than a thousand pages is refused', async () => {
  const { mistral } = await start()
  const pages = Array.from({ length: 1001 }, (): Text[] => [])

  await expect(
    mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(pdf(pages)), pages: [0] }),
  ).rejects.toMatchObject({ statusCode: 400, body: expect.stringContaining('"3730"') as string })
})

test('a document that unfolds without end is given up, and the next one is read', async () => {
  const { mistral } = await start({ readLimits: { milliseconds: 20_000, megabytes: 250 } })

  await expect(
    mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(bomb(1000)) }),
  ).rejects.toMatchObject(badFile)

  const next = await mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(pdf(goals)) })
  expect(next.pages).toHaveLength(3)
})

test('a document that takes too long is given up for now: the machine may have been busy', async () => {
  const { mistral } = await start({ readLimits: { milliseconds: 1, megabytes: 700 } })

  await expect(
    mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(pdf(goals)) }),
  ).rejects.toMatchObject({ statusCode: 503 })
})

test('a wrong key is refused', async () => {
  const { url } = await start()
  const stranger = new Mistral({ apiKey: 'wrong', serverURL: url, retryConfig: { strategy: 'none' } })

  await expect(stranger.models.list()).rejects.toMatchObject({
    statusCode: 401,
    body: '{"detail":"Unauthorized"}',
  })
})

test('a chat answers in the demanded schema, with labelled sentences of the prompt', async () => {
  const { mistral } = await start()
  const shape = z.object({
    summary: z.string().max(60),
    readingGoal: z.string().describe('How well Ada reads'),
    language: z.enum(['en', 'es', 'vi', 'zh']),
    date: z.iso.date(),
    email: z.email(),
    score: z.number().min(2).max(5),
    nickname: z.string().nullable(),
    code: z.string().regex(/^[A-Z]{2}-\d{3}$/),
    sections: z.array(z.object({ title: z.string(), page: z.int().min(1), done: z.boolean() })).min(2),
    outcome: z.discriminatedUnion('kind', [z.object({ kind: z.literal('kept'), note: z.string() })]),
    tree: z.object({
      name: z.string(),
      get child() {
        return shapeOfChild.nullable()
      },
    }),
    byName: z.record(z.enum(['ada', 'grace']), z.int()),
  })
  const prompt =
    '# Plan\nThe meeting was on 2026-09-14 about IE-042. Ada reads forty words a minute. 阿达喜欢读书。她写字。'

  const answer = await mistral.chat.complete({
    model: 'mistral-small-latest',
    messages: [
      { role: 'system', content: 'Answer in JSON.' },
      { role: 'user', content: [{ type: 'text', text: prompt }] },
    ],
    responseFormat: formatOf(shape),
  })

  const value = shape.parse(JSON.parse(textOf(answer)))
  expect(value.readingGoal).toBe('[local stand-in] Ada reads forty words a minute.')
  expect(value).toMatchObject({
    date: '2026-09-14',
    code: 'IE-042',
    email: 'stand-in@example.org',
    language: 'en',
  })
  expect(answer.usage).toMatchObject({
    promptTokens: Math.ceil((prompt.length + 'Answer in JSON.'.length) / 4),
  })
})

const shapeOfChild = z.object({
  name: z.string(),
  get child() {
    return shapeOfChild.nullable()
  },
})

test('a chat without a schema answers in labelled text, cut off where the tokens end', async () => {
  const { mistral } = await start()
  const messages = [{ role: 'user' as const, content: 'Ada reads. Grace listens. Linus writes. They rest.' }]

  const whole = await mistral.chat.complete({ model: 'mistral-medium-3-5', messages })
  const cut = await mistral.chat.complete({ model: 'mistral-medium-3-5', messages, maxTokens: 5 })

  expect(whole.choices[0]?.message?.content).toBe('[local stand-in] Ada reads. Grace listens. Linus writes.')
  expect(whole.choices[0]?.finishReason).toBe('stop')
  expect(cut.choices[0]).toMatchObject({
    message: { content: '[local stand-in] Ada' },
    finishReason: 'length',
  })
})

test('a model that does not exist, or can do something else, is refused by name', async () => {
  const { mistral } = await start()
  const messages = [{ role: 'user' as const, content: 'Ada reads.' }]

  expect((await mistral.models.list()).data?.[0]).toMatchObject({
    id: 'mistral-ocr-4-1',
    aliases: ['mistral-ocr-latest'],
  })
  await expect(mistral.chat.complete({ model: 'mistral-ocr-4-1', messages })).rejects.toThrow('Invalid model')
  await expect(mistral.ocr.process({ model: 'gpt', document: dataUrl(pdf(goals)) })).rejects.toMatchObject({
    statusCode: 400,
    body: expect.stringContaining('"1500"') as string,
  })
})

test('who asks more often than allowed is told when to come back', async () => {
  const { mistral } = await start({ settings: { requestsPerMinute: 2 } })
  await mistral.models.list()
  await mistral.models.list()

  const refusal = await failureOf(mistral.models.list())

  expect(refusal).toMatchObject({ statusCode: 429, body: expect.stringContaining('"1300"') as string })
  expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refusal.headers.get('x-ratelimit-limit-req-minute')).toBe('2')
  expect(refusal.headers.get('x-ratelimit-remaining-req-minute')).toBe('0')
})

test('a plan without the model says so with a limit of nought and no time to come back', async () => {
  const { mistral } = await start({ settings: { requestsPerMinute: 0 } })

  const refusal = await failureOf(mistral.models.list())

  expect(refusal.headers.get('x-ratelimit-limit-req-minute')).toBe('0')
  expect(refusal.headers.has('retry-after')).toBe(false)
})

test('the dials spoil the next calls and no others', async () => {
  const { mistral, dials } = await start()
  dials.set(
    { does: 'rate-limit', retryAfter: 7, times: 2 },
    { does: 'fail', status: 502, path: '/v1/models' },
  )

  expect((await failureOf(mistral.models.list())).headers.get('retry-after')).toBe('7')
  expect((await failureOf(mistral.files.list({}))).statusCode).toBe(429)
  expect((await mistral.files.list({})).data).toEqual([])
  const gateway = await failureOf(mistral.models.list())
  expect([gateway.statusCode, gateway.headers.get('content-type')]).toEqual([502, 'text/html'])
  expect((await mistral.models.list()).data).not.toEqual([])
  expect(dials.pending()).toEqual([])
})

test('a connection breaks before, in the middle of, or after the work', async () => {
  const { mistral, dials } = await start()
  dials.set({ does: 'drop' })
  await expect(mistral.models.list()).rejects.toMatchObject({ name: 'ConnectionError' })
  dials.set({ does: 'drop', when: 'midway' })
  // the client does not wrap what fails while it reads the answer
  await expect(mistral.models.list()).rejects.toMatchObject({ name: 'TypeError', message: 'terminated' })
  dials.set({ does: 'drop', when: 'after' })
  await expect(upload(mistral, 'lost.pdf', pdf(goals))).rejects.toMatchObject({ name: 'ConnectionError' })

  expect((await mistral.files.list({})).data.map(({ filename }) => filename)).toEqual(['lost.pdf'])
})

test('JSON is cut off, and fields are null', async () => {
  const { mistral, dials } = await start()
  const ocr = () => mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(pdf(goals)) })
  const shape = z.object({ summary: z.string(), goal: z.string() })
  const messages = [{ role: 'user' as const, content: 'Ada reads.' }]
  const chat = async () =>
    textOf(
      await mistral.chat.complete({ model: 'mistral-small-2603', messages, responseFormat: formatOf(shape) }),
    )

  dials.set({ does: 'cut' })
  await expect(ocr()).rejects.toThrow()
  dials.set({ does: 'cut', part: 'content' })
  const cut = await chat()
  expect(() => JSON.parse(cut) as unknown).toThrow(SyntaxError)

  dials.set({ does: 'null' })
  expect((await ocr()).pages[0]).toMatchObject({ dimensions: null, blocks: null })
  dials.set({ does: 'null', fields: ['markdown'] })
  await expect(ocr()).rejects.toMatchObject({ name: 'ResponseValidationError' })
  dials.set({ does: 'null', fields: ['goal'] })
  expect(JSON.parse(await chat())).toMatchObject({ goal: null })
})

test('a call that hangs ends with the signal of the caller, whose socket is closed', async () => {
  const { mistral, dials, calls } = await start()
  dials.set({ does: 'hang' })

  const hanging = mistral.models.list({}, { signal: AbortSignal.timeout(50) })

  await expect(hanging).rejects.toMatchObject({ name: 'RequestTimeoutError' })
  await expect.poll(calls, patiently).toMatchObject([{ path: '/v1/models', aborted: true }])
  expect(calls()[0]?.status).toBeUndefined()
})

test('a caller who gives up while a document is read ends the reading', async () => {
  const { mistral, calls } = await start()
  const leaving = new AbortController()

  const reading = mistral.ocr.process(
    { model: 'mistral-ocr-4-1', document: dataUrl(pdf(goals)) },
    { signal: leaving.signal },
  )
  await expect.poll(calls, patiently).toMatchObject([{ path: '/v1/ocr' }])
  leaving.abort()

  await expect(reading).rejects.toMatchObject({ name: 'RequestAbortedError' })
  await expect.poll(calls, patiently).toMatchObject([{ aborted: true }])
})

test('a slow answer is the right answer', async () => {
  const { mistral, dials } = await start()
  dials.set({ does: 'slow', milliseconds: 30 })

  expect((await mistral.models.list()).data).not.toEqual([])
})

test('stopping ends what hangs, what is slow and what is being read', async () => {
  const { mistral, dials, stop } = await start()
  dials.set({ does: 'hang', path: '/v1/models' }, { does: 'slow', path: '/v1/files', milliseconds: 60_000 })
  const underWay = [
    mistral.models.list(),
    mistral.files.list({}),
    mistral.ocr.process({ model: 'mistral-ocr-4-1', document: dataUrl(bomb(1000)) }),
  ].map(failureOf)
  await expect.poll(dials.pending, patiently).toEqual([])

  await stop()

  const failures = await Promise.all(underWay)
  expect(failures.map(({ name }) => name)).toEqual(['ConnectionError', 'ConnectionError', 'ConnectionError'])
})

test('a batch runs every request and keeps good and bad answers apart', async () => {
  const { mistral } = await start()
  const request = (id: string, messages: object[]) => JSON.stringify({ custom_id: id, body: { messages } })
  const lines = [request('ada', [{ role: 'user', content: 'Ada reads.' }]), request('nobody', [])]
  const input = await mistral.files.upload({
    file: { fileName: 'batch.jsonl', content: Buffer.from(lines.join('\n')) },
    purpose: 'batch',
  })

  const job = await mistral.batch.jobs.create({
    inputFiles: [input.id],
    endpoint: '/v1/chat/completions',
    model: 'mistral-small-2603',
    metadata: { for: 'Ada' },
  })
  expect(job).toMatchObject({ status: 'QUEUED', totalRequests: 2, outputFile: null })
  const current = () => mistral.batch.jobs.get({ jobId: job.id })
  await expect.poll(async () => (await current()).status, patiently).toBe('SUCCESS')

  const done = await current()
  expect(done).toMatchObject({ completedRequests: 2, succeededRequests: 1, failedRequests: 1 })
  const download = async (fileId?: string | null) =>
    JSON.parse(await new Response(await mistral.files.download({ fileId: String(fileId) })).text()) as unknown
  expect(await download(done.outputFile)).toMatchObject({
    custom_id: 'ada',
    response: {
      status_code: 200,
      body: { choices: [{ message: { content: '[local stand-in] Ada reads.' } }] },
    },
  })
  expect(await download(done.errorFile)).toMatchObject({
    custom_id: 'nobody',
    response: { status_code: 422 },
  })
})

test('a batch reads documents too, and can be cancelled', async () => {
  const { mistral } = await start()
  const body = { document: { type: 'document_url', document_url: dataUrl(pdf(goals)).documentUrl } }
  const requests = Array.from({ length: 20 }, (_, index) => ({ customId: String(index), body }))

  const job = await mistral.batch.jobs.create({ requests, endpoint: '/v1/ocr', model: 'mistral-ocr-4-1' })
  await mistral.batch.jobs.cancel({ jobId: job.id })

  const current = () => mistral.batch.jobs.get({ jobId: job.id })
  await expect.poll(async () => (await current()).status, patiently).toBe('CANCELLED')
  expect((await current()).completedRequests).toBeLessThan(20)
})

test('dials and calls are at hand over HTTP, without a key and without content', async () => {
  const { mistral, url } = await start()
  const post = (dial: unknown) => fetch(`${url}/_dials`, { method: 'POST', body: JSON.stringify(dial) })

  expect((await post([{ does: 'fail', status: 500 }])).status).toBe(200)
  expect((await post({ does: 'explode' })).status).toBe(422)
  expect((await failureOf(upload(mistral, 'ada.pdf', pdf(goals)))).statusCode).toBe(500)

  const seen = await (await fetch(`${url}/_calls`)).text()
  expect(JSON.parse(seen)).toMatchObject([
    {
      method: 'POST',
      path: '/v1/files',
      status: 500,
      aborted: false,
      milliseconds: expect.any(Number) as number,
    },
  ])
  expect((JSON.parse(seen) as { bytes: number }[])[0]?.bytes).toBeGreaterThan(pdf(goals).length)
  expect(seen).not.toContain('ada.pdf')
})

const badFile = { statusCode: 400, body: expect.stringContaining('"3310"') as string }

async function start(options?: MistralOptions) {
  stack = await startMistral(options)
  const mistral = new Mistral({
    apiKey: stack.apiKey,
    serverURL: stack.url,
    retryConfig: { strategy: 'none' },
  })
  return { ...stack, mistral }
}

const upload = (mistral: Mistral, fileName: string, content: Buffer) =>
  mistral.files.upload({ file: { fileName, content }, purpose: 'ocr' })

const dataUrl = (bytes: Buffer) => ({
  type: 'document_url' as const,
  documentUrl: `data:application/pdf;base64,${bytes.toString('base64')}`,
})

const formatOf = (shape: z.ZodType) => ({
  type: 'json_schema' as const,
  jsonSchema: { name: 'Answer', schemaDefinition: z.toJSONSchema(shape), strict: true },
})

/** What a chat said, which has to be plain text. */
const textOf = (answer: { choices: { message?: { content?: unknown } | undefined }[] }) =>
  z.string().parse(answer.choices[0]?.message?.content)

/** The error of a call that has to fail, as the client reports it. */
async function failureOf(call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Error)
  return error as Error & { statusCode: number; headers: Headers }
}

interface Text {
  at: [x: number, y: number]
  size: number
  text: string
}

/** A PDF written by hand: letter-sized pages with lines of Helvetica. A damaged key makes one that can't be opened. */
function pdf(pages: Text[][], { encrypted = false } = {}): Buffer {
  const contents = pages.map((lines) =>
    lines.map(({ at, size, text }) => `BT /F1 ${size} Tf ${at.join(' ')} Td (${text}) Tj ET`).join('\n'),
  )
  return pdfOf(
    contents.map((content) => ({ dictionary: '', bytes: Buffer.from(content) })),
    encrypted,
  )
}

/** A PDF of a few kilobytes whose only page unfolds to so many megabytes of blanks. */
function bomb(megabytes: number): Buffer {
  const blanks = deflateRawSync(Buffer.alloc(2 ** 20, ' '), { finishFlush: constants.Z_FULL_FLUSH })
  const end = deflateRawSync(Buffer.alloc(0))
  const bytes = Buffer.concat([Buffer.from([0x78, 0x01]), ...Array<Buffer>(megabytes).fill(blanks), end])
  return pdfOf([{ dictionary: '/Filter /FlateDecode', bytes }])
}

function pdfOf(streams: { dictionary: string; bytes: Buffer }[], encrypted = false): Buffer {
  const pageNumbers = streams.map((_, index) => 5 + 2 * index)
  const objects: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${streams.length} /Kids [${pageNumbers.map((n) => `${n} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    `<< /Filter /Standard /V 1 /R 2 /P -4 /O (${'o'.repeat(32)}) /U (${'u'.repeat(32)}) >>`,
  ]
  for (const [index, { dictionary, bytes }] of streams.entries()) {
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${6 + 2 * index} 0 R` +
        ' /Resources << /Font << /F1 3 0 R >> >> >>',
      Buffer.concat([
        Buffer.from(`<< /Length ${bytes.length} ${dictionary} >>\nstream\n`),
        bytes,
        Buffer.from('\nendstream'),
      ]),
    )
  }
  return assemble(objects, encrypted ? '/Encrypt 4 0 R /ID [(ada) (ada)]' : '')
}

/** Header, objects, the table of where they start, and the trailer. */
function assemble(objects: (string | Buffer)[], trailer: string): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let offset = parts[0]?.length ?? 0
  for (const [index, object] of objects.entries()) {
    const bytes = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(object),
      Buffer.from('\nendobj\n'),
    ])
    offsets.push(offset)
    offset += bytes.length
    parts.push(bytes)
  }
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}` +
        `trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(parts)
}

/** One black pixel. */
function png(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])),
    chunk('IDAT', deflateSync(Buffer.from([0, 0]))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
