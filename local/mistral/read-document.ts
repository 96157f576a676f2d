import { availableParallelism } from 'node:os'
import { Unreadable, UnreadInTime } from '../pdf/recognisers.ts'
import type { Eyes } from '../pdf/sight.ts'
import { badFile, serverFailure, tooManyPages } from './errors.ts'
import { GuardTimedOut, GuardTripped, runGuarded } from './guard.ts'
import { lookedAt, type Leaf, type Page } from './page.ts'
import type { PageRange } from './page-selection.ts'
import type { ReadLimits, Reading } from './protocol.ts'
import type { Readout, Request } from './reader.ts'

/** The API's limits for one document. */
const most = { bytes: 50 * 2 ** 20, pages: 1000 }

const reader = new URL('reader.ts', import.meta.url)

/** Pictures that one reader hands over before the next one goes on: a long scan is not held in memory whole. */
const mostPictures = 16

/**
 * Opens a PDF or an image in a process of its own and reads the chosen pages; what has no text layer is looked at. What
 * can't be read is the API's 400, and so is what costs more memory than `limits`: a document that unfolds into gigabytes
 * is refused like a damaged one. When time runs out the machine may have been busy: that is a 503, worth another try.
 */
export async function readDocument(
  bytes: Buffer,
  pages: PageRange[] | undefined,
  { limits, eyes, signal }: Pick<Reading, 'limits' | 'eyes' | 'signal'>,
): Promise<Page[]> {
  if (bytes.length > most.bytes) throw badFile('File is too large. The maximum size is 50 MB.')
  const kind = kindOf(bytes)
  if (!kind) throw badFile('File is corrupted and cannot be parsed.')

  const read: Page[] = []
  let from: number | undefined = 0
  while (from !== undefined) {
    const request: Request = { kind, bytes, pages, mostPages: most.pages, from, mostPictures }
    const { leaves, next } = await open(request, limits, signal)
    read.push(...(await Promise.all(leaves.map((leaf) => look(leaf, eyes, signal)))))
    from = next
  }
  return read
}

async function open(
  request: Request,
  limits: ReadLimits,
  signal: AbortSignal,
): Promise<{ leaves: Leaf[]; next: number | undefined }> {
  const readout = await inLane(signal, () => guarded(request, limits, signal))
  if ('tooManyPages' in readout) throw tooManyPages(readout.tooManyPages, most.pages)
  if ('encrypted' in readout) throw badFile('File is encrypted and cannot be parsed.')
  if ('damaged' in readout) throw badFile('File is corrupted and cannot be parsed.')
  return readout
}

async function look({ page, picture }: Leaf, eyes: Eyes, signal: AbortSignal): Promise<Page> {
  if (!picture) return page
  try {
    return lookedAt(page, picture, await eyes(picture, signal))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Unreadable)) throw error
    console.error(`mistral stand-in: a page could not be looked at: ${error.message}`)
    if (error instanceof UnreadInTime) throw serverFailure(503)
    throw badFile('File could not be processed.')
  }
}

/** What the first bytes say. A PDF may start with up to a kilobyte of something else; readers have always let it. */
export function kindOf(bytes: Buffer): 'pdf' | 'image' | undefined {
  if (bytes.subarray(0, 1024).includes('%PDF-')) return 'pdf'
  return images.some((magic) => magic.test(bytes.toString('latin1', 0, 16))) ? 'image' : undefined
}

/** PNG, JPEG, GIF, WebP, TIFF, AVIF and HEIC, by their first bytes. */
const images = [
  /^\x89PNG\r\n/,
  /^\xff\xd8\xff/,
  /^GIF8/,
  /^RIFF.{4}WEBP/s,
  /^(?:II\*\0|MM\0\*)/,
  /^.{4}ftyp(?:avi|hei|mif)/s,
]

async function guarded(request: Request, limits: ReadLimits, signal: AbortSignal): Promise<Readout> {
  try {
    return (await runGuarded(reader, request, limits, signal)) as Readout
  } catch (error) {
    if (!(error instanceof GuardTripped)) throw error
    console.error(`mistral stand-in: a document was not read: ${error.message}`)
    if (error instanceof GuardTimedOut) throw serverFailure(503)
    throw badFile('File could not be processed.')
  }
}

/** As many readers at once as there are processors; who comes later waits in line. */
const lanes = availableParallelism()
let busy = 0
const line: (() => void)[] = []

async function inLane<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  if (busy >= lanes) await new Promise<void>((resolve) => line.push(resolve))
  else busy += 1
  try {
    signal.throwIfAborted()
    return await work()
  } finally {
    const next = line.shift()
    if (next) next()
    else busy -= 1
  }
}
