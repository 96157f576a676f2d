import { randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPlace } from '../stack/place.ts'

/** The languages that can be read, by the names tesseract has for them. Each is a package of this copy. */
export const readable = ['eng', 'spa', 'vie', 'chi_sim'] as const
export type Readable = (typeof readable)[number]

/**
 * A directory in which the data of these languages lie side by side, as the reader wants them; each comes in a package
 * of its own. Throws if one is not installed: the reader itself would look for it on the network, or never answer.
 */
export function stageLanguages(languages: readonly Readable[]): string {
  const directory = path.join(findPlace().state, 'ocr-languages')
  for (const language of languages) stage(language, directory)
  return directory
}

function stage(language: Readable, directory: string): void {
  const name = `${language}.traineddata.gz`
  const staged = path.join(directory, name)
  if (existsSync(staged)) return
  const installed = path.join(packageOf(language), '4.0.0_best_int', name)
  if (!existsSync(installed))
    throw new Error(`the package @tesseract.js-data/${language} is not installed: run npm ci`)
  mkdirSync(directory, { recursive: true })
  const half = `${staged}.${randomUUID()}` // whole or not at all: a neighbour may be staging it too
  copyFileSync(installed, half)
  renameSync(half, staged)
}

const packageOf = (language: Readable): string =>
  fileURLToPath(new URL(`../../node_modules/@tesseract.js-data/${language}`, import.meta.url))
