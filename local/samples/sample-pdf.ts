import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../stack/place.ts'
import { readMarkdown } from './markdown.ts'
import { countPages, scanPdf } from './scan.ts'
import { typesetPdf } from './typeset.ts'

export interface Sample {
  /** Absolute path of the PDF. */
  file: string
  pages: number
  bytes: number
}

/**
 * An Individualized Education Program of our own making, about a child who does not exist: 14 pages with a text layer,
 * or the same paper as it comes out of a scanner, which is pictures and nothing else. The same bytes at every call and
 * in every copy of this project; made once and kept in `.local/samples`.
 */
export async function samplePdf({ scan, only, folder = usual }: SampleOptions): Promise<Sample> {
  const name = ['iep', scan ? 'scan' : 'text', ...(only ?? []), fingerprint()].join('-')
  const file = path.join(folder, `${name}.pdf`)
  const kept = statSync(file, { throwIfNoEntry: false })
  if (!kept) keep(file, await make({ scan, only }))
  const bytes = readFileSync(file)
  return { file, pages: await countPages(bytes), bytes: bytes.length }
}

export interface SampleOptions {
  scan: boolean
  /** The pages a scan consists of, counted from 1; all of them when nothing is said. */
  only?: number[] | undefined
  /** Where it is kept instead. */
  folder?: string
}

const usual = path.join(root, '.local', 'samples')

async function make({ scan, only }: Pick<SampleOptions, 'scan' | 'only'>): Promise<Buffer> {
  const source = readFileSync(path.join(import.meta.dirname, 'iep.md'), 'utf8')
  const printed = await typesetPdf(readMarkdown(source))
  return scan ? scanPdf(printed, only) : printed
}

/** Of the text and of the code that makes a document of it: whoever changes either gets another file. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(import.meta.dirname).toSorted())
    hash.update(readFileSync(path.join(import.meta.dirname, name)))
  return hash.digest('hex').slice(0, 12)
}

/** Whole or not at all: two processes may make the same file. */
function keep(file: string, bytes: Buffer): void {
  mkdirSync(path.dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, bytes)
  renameSync(unfinished, file)
}
