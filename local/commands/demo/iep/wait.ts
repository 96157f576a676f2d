import { Plain } from '../../../launch/plain.ts'
import { shown } from '../../../stack/place.ts'
import type { Stack } from '../../../stack/run.ts'
import { listen } from '../listen.ts'
import type { Screen } from '../screen.ts'
import { languages, type Progress } from './answers.ts'

export interface Waiting {
  stack: Stack
  screen: Screen
  headers: Record<string, string>
  /** Of the events about the child's document. */
  path: string
  iepId: string
}

/**
 * Shows how far a document is, as a waiting page would, until nothing changes by itself any more.
 * @throws Plain when it failed, was refused or is not done in time, with the sentence a parent would read.
 */
export async function untilProcessed({ stack, screen, headers, path, iepId }: Waiting): Promise<void> {
  const began = performance.now()
  const signal = AbortSignal.timeout(LIMIT)
  let now: Progress | undefined
  try {
    for await (const event of listen(stack, { path, headers, signal })) {
      const heard = JSON.parse(event.data) as Progress
      if (heard.rejectedUpload?.iepId === iepId)
        throw new Plain(`the document was refused: ${heard.rejectedUpload.message}`)
      // Until it has arrived the document before it is shown, which is done.
      if (heard.iepId !== iepId) continue
      now = heard
      screen.live(`    ${lineOf(now, performance.now() - began)}`)
      if (now.step === 'done' || now.step === 'failed') break
    }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new Plain(notInTime(now, stack), { cause: error })
  } finally {
    screen.keep()
  }
  refuseFailure(now)
}

/** Several times what it takes on a machine of two slow processors. */
const LIMIT = 180_000

function lineOf(progress: Progress, ms: number): string {
  const { percent, step, pages, languages: states, placeInLine, expectedSeconds } = progress
  const bar = '█'.repeat(Math.round(percent / 5)).padEnd(20, '░')
  const ready = languages.map((language) => `${language} ${marks[states[language]] ?? states[language]}`)
  const read = step === 'reading' && pages.total !== null ? ` ${pages.read} of ${pages.total} pages` : ''
  const line = placeInLine > 0 ? `, ${placeInLine} before it` : ''
  const left = expectedSeconds ? `, about ${expectedSeconds} s left` : ''
  const since = `${Math.round(ms / 1000)} s`.padStart(5)
  return `${since}  ${bar} ${String(percent).padStart(3)} %  ${ready.join('  ')}  ${step}${read}${line}${left}`
}

const marks: Record<string, string> = { waiting: '·', working: '…', ready: '✓', failed: '✗' }

function notInTime(now: Progress | undefined, { place }: Stack): string {
  const where = now ? `it is at ${now.percent} %, ${now.step}` : 'it has not arrived'
  return `the document was not done within ${LIMIT / 1000} s: ${where}; see ${shown(place.log('documents'))}`
}

function refuseFailure(now: Progress | undefined): void {
  if (now?.status !== 'PROCESSED')
    throw new Plain(
      `the document is ${now?.status ?? 'gone'}: ${now?.problem?.message ?? 'nothing says why'}`,
    )
  const failed = languages.filter((language) => now.languages[language] !== 'ready')
  if (failed.length > 0) throw new Plain(`the document is not there in ${failed.join(', ')}`)
}
