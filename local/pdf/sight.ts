import type { Block, Line as SeenLine } from 'tesseract.js'
import type { Picture } from './picture.ts'

/** Reads what stands on a picture of text. */
export type Eyes = (picture: Picture, signal: AbortSignal) => Promise<Sight>

/** What was made out on a picture. Lengths are pixels of the picture. */
export interface Sight {
  paragraphs: { lines: SightLine[] }[]
}

export interface SightLine {
  text: string
  /** Height of the letters. */
  size: number
  left: number
  right: number
  baseline: number
  /** The line in pieces where there is more than a blank between its words. */
  cells: { text: string; left: number }[]
  words: SightWord[]
}

export interface SightWord {
  text: string
  /** How sure the reader is, from 0 to 1. */
  confidence: number
}

/** What tesseract found, without what nobody can read: specks that it took for letters. */
export function toSight(blocks: readonly Block[]): Sight {
  const paragraphs = blocks
    .flatMap((block) => block.paragraphs)
    .map(({ lines }) => ({ lines: lines.map(toLine).filter((line) => line.words.length > 0) }))
  return { paragraphs: paragraphs.filter(({ lines }) => lines.length > 0) }
}

function toLine({ words: seen, bbox, rowAttributes }: SeenLine): SightLine {
  const words = seen
    .map(({ text, confidence, bbox }) => ({ text: text.trim(), confidence: confidence / 100, bbox }))
    .filter(({ text, confidence }) => isWord.test(text) && confidence >= leastConfidence)
  const cells: { texts: string[]; left: number; right: number }[] = []
  for (const { text, bbox } of words) {
    const cell = cells.at(-1)
    if (!cell || bbox.x0 - cell.right > 0.8 * rowAttributes.rowHeight)
      cells.push({ texts: [text], left: bbox.x0, right: bbox.x1 })
    else Object.assign(cell, { texts: [...cell.texts, text], right: bbox.x1 })
  }
  return {
    text: together(words.map(({ text }) => text)),
    size: rowAttributes.rowHeight,
    left: bbox.x0,
    right: bbox.x1,
    baseline: bbox.y1 - Math.max(0, rowAttributes.descenders),
    cells: cells.map(({ texts, left }) => ({ text: together(texts), left })),
    words: words.map(({ text, confidence }) => ({ text, confidence })),
  }
}

/** The rules of a table are read as strokes. */
const isWord = /[^|~_—=]/

const leastConfidence = 0.2

/** Chinese has no blanks between its characters; the reader puts them there. */
const together = (words: readonly string[]): string =>
  words.join(' ').replaceAll(/(?<=[\p{sc=Han}，。、；：！？）】]) (?=[\p{sc=Han}，。、；：！？（【\d])/gu, '')
