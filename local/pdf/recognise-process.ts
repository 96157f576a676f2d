/**
 * The process in which pictures are read, one after the other. Started by `recognisers.ts` alone, which watches its
 * time. A process, because what goes wrong in tesseract.js takes the whole process with it.
 */
import tesseract, { type Worker } from 'tesseract.js'
import type { Sight } from './sight.ts'
import { toSight } from './sight.ts'

export interface Look {
  png: Uint8Array
  languages: string[]
  /** Where the data of the languages lie. */
  directory: string
}

export type Seen = { sight: Sight } | { failed: string }

process.once('disconnect', () => process.exit()) // the parent is gone
process.on('message', (look: Look) => void answer(look))

async function answer(look: Look): Promise<void> {
  const seen = await see(look).catch((error: unknown): Seen => ({ failed: String(error) }))
  process.send?.(seen)
}

let worker: Worker | undefined
let speaks = ''

async function see({ png, languages, directory }: Look): Promise<Seen> {
  const reader = await readerOf(languages.join('+'), directory)
  const { data } = await reader.recognize(Buffer.from(png), {}, { text: false, blocks: true })
  return { sight: toSight(data.blocks ?? []) }
}

/** The one reader of this process, changed to other languages if need be. */
async function readerOf(languages: string, directory: string): Promise<Worker> {
  if (worker && speaks === languages) return worker
  await worker?.terminate()
  worker = await tesseract.createWorker(languages, tesseract.OEM.LSTM_ONLY, {
    langPath: directory,
    gzip: true,
    cacheMethod: 'none',
    errorHandler: () => undefined, // the call itself is rejected as well; without this the process would end
  })
  speaks = languages
  return worker
}
