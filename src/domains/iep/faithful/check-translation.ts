import type { Content, Finding, Place, Translated } from '../content.ts'
import { blocksOf, type Block } from './blocks.ts'
import { compareValues } from './compare.ts'
import { named, onlyOnce, wordsOf, type Checked } from './findings.ts'
import { languageFaults } from './language.ts'
import { latinWords, namesAdded } from './named-in-translation.ts'
import { measureDiffers, measureOf } from './measures.ts'
import { lowerCaseWords, namesIn, vocabularyOf, type Mention, type Vocabulary } from './names.ts'
import { sentencesIn } from './sentences.ts'
import { blocksKept, sectionsKept } from './structure.ts'
import { valuesIn, type Value } from './values.ts'

/**
 * Holds a translation against its English source: every number, date and amount stands in the same paragraph, list
 * item or cell, every name in the same place and in Latin letters, and none is added; sections, citations, paragraphs,
 * lists and tables are kept; and it is in the language it claims, Chinese in simplified characters. Titles are not
 * looked at. Pure but for the tables of the language detector, which are loaded once.
 */
export function checkTranslation(source: Content, translation: Content, language: Translated): Checked {
  const translated = new Map(wordsOf(translation).map(({ place, text }) => [place, text]))
  const places = wordsOf(source).filter(({ place }) => translated.has(place))
  const vocabulary = vocabularyOf(places.map(({ text }) => text))
  const english = latinWords(places.map(({ text }) => text).join('\n'))
  const compared = places.map(({ place, text }) =>
    comparePlace({
      place,
      language,
      vocabulary,
      english,
      source: blocksOf(text),
      translation: blocksOf(translated.get(place) as string),
    }),
  )
  return {
    findings: onlyOnce([
      ...sectionsKept(source, translation),
      ...compared.flatMap(({ findings }) => findings),
    ]),
    checked: compared.reduce((sum, { checked }) => sum + checked, 0),
  }
}

interface Pair {
  place: Place
  language: Translated
  vocabulary: Vocabulary
  /** All words of the source. */
  english: ReadonlySet<string>
  source: Block[]
  translation: Block[]
}

function comparePlace(pair: Pair): Checked {
  const { place, language, source, translation } = pair
  const shape = blocksKept(place, source, translation)
  const passages =
    shape.length === 0
      ? source.flatMap((block, at) => passagesOf(block, translation[at] as Block))
      : [{ source: source.flatMap(sentencesIn), translation: translation.flatMap(sentencesIn) }]
  const values = passages.map((passage) => comparePassage(passage, place, language))
  const mentions = source.flatMap((block) =>
    sentencesIn(block).flatMap((sentence) => namesIn(sentence, pair.vocabulary, block.kind === 'heading')),
  )
  const names = new Set(mentions.flatMap(({ words }) => words))
  return {
    findings: [
      ...shape,
      ...languageFaults(translation.flatMap(sentencesIn), {
        place,
        language,
        source: source.flatMap(sentencesIn),
        names,
      }),
      ...values.flatMap(({ findings }) => findings),
      ...(shape.length === 0 ? headingsChanged(pair) : []),
      ...namesLost(mentions, passages, pair),
      ...namesNew(pair),
    ],
    checked: values.reduce((sum, { checked }) => sum + checked, 0) + mentions.length,
  }
}

/** What belongs together on both sides. `rows` have cells, which are compared one by one and quoted as a row. */
interface Passage {
  source: string[]
  translation: string[]
  row?: { source: string; translation: string }
}

function passagesOf(source: Block, translation: Block): Passage[] {
  if (source.kind !== 'row') return [{ source: sentencesIn(source), translation: sentencesIn(translation) }]
  const row = { source: source.raw, translation: translation.raw }
  return source.cells.map((cell, at) => ({ source: [cell], translation: [translation.cells[at] ?? ''], row }))
}

/** A bare 60 below `Minutes`, or beside it, is another amount when that becomes `Horas`. */
function headingsChanged({ place, language, source, translation }: Pair): Finding[] {
  return source.flatMap((block, at) => {
    const other = translation[at] as Block
    return headingsOf(block, source[at + 1]).flatMap((cell, column) => {
      const heading = other.cells[column] ?? ''
      if (!measureDiffers(measureOf(cell, 'en'), measureOf(heading, language))) return []
      const message = `The ${named(place)} counts in "${heading}" where the source counts in "${cell}".`
      return [{ place, kind: 'amount' as const, sentence: other.raw, value: heading, message }]
    })
  })
}

/** The headings of a table, or of a row of two cells the first. */
function headingsOf(row: Block, next: Block | undefined): string[] {
  const isFirst = row.cells.length > 0 && row.header === undefined && next?.header === row.cells
  const headings = isFirst ? row.cells : row.cells.length === 2 ? row.cells.slice(0, 1) : []
  return headings.map((cell) => (/\d/.test(cell) ? '' : cell))
}

type Quoted = Value & { sentence: string }

function comparePassage(passage: Passage, place: Place, language: Translated): Checked {
  const source = quoted(passage.source, 'en')
  const { missing, added } = compareValues(source, quoted(passage.translation, language))
  const findings: Finding[] = []
  const rest = [...added]
  for (const value of missing) {
    // A value of the same kind that nobody expected is most likely what became of this one.
    const at = rest.findIndex((other) => other.kind === value.kind)
    const other = at === -1 ? undefined : rest.splice(at, 1)[0]
    findings.push(
      other
        ? {
            place,
            kind: value.kind,
            sentence: passage.row?.translation ?? other.sentence,
            value: other.text,
            message: `The ${named(place)} says "${other.text}" where the source says "${value.text}".`,
          }
        : {
            place,
            kind: value.kind,
            sentence: counterpart(value.sentence, passage),
            value: value.text,
            message: `The ${value.kind} "${value.text}" of the source is missing here in the ${named(place)}.`,
          },
    )
  }
  for (const { kind, text, sentence } of rest)
    findings.push({
      place,
      kind,
      sentence: passage.row?.translation ?? sentence,
      value: text,
      message: `The source does not say "${text}" here in the ${named(place)}.`,
    })
  return { findings, checked: source.filter(({ firm }) => firm).length }
}

function quoted(sentences: readonly string[], language: 'en' | Translated): Quoted[] {
  return sentences.flatMap((sentence) =>
    valuesIn(sentence, language).map((value) => Object.assign(value, { sentence })),
  )
}

/** The sentence of the translation that stands where one of the source does, if there are as many; else ''. */
function counterpart(sentence: string, { source, translation, row }: Passage): string {
  if (row) return row.translation
  if (translation.length === 1) return translation[0] as string
  return source.length === translation.length ? (translation[source.indexOf(sentence)] ?? '') : ''
}

function namesLost(mentions: Mention[], passages: Passage[], { place, translation }: Pair): Finding[] {
  const there = latinWords(translation.map(({ raw }) => raw).join('\n'))
  const lost = new Map(
    mentions
      .filter(({ words }) => !words.every((word) => there.has(word)))
      .map((mention) => [mention.text, mention]),
  )
  return [...lost.values()].map(({ text }) => {
    const passage = passages.find(({ source }) => source.some((sentence) => sentence.includes(text)))
    const sentence = passage?.source.find((sentence) => sentence.includes(text))
    return {
      place,
      kind: 'name',
      sentence: passage && sentence !== undefined ? counterpart(sentence, passage) : '',
      value: text,
      message: `The name "${text}" of the source is not in the ${named(place)}; keep names letter by letter.`,
    }
  })
}

function namesNew({ place, language, english, translation }: Pair): Finding[] {
  const known = { source: english, lower: lowerCaseWords(translation.map(({ raw }) => raw)) }
  return translation.flatMap(sentencesIn).flatMap((sentence) =>
    namesAdded(sentence, language, known).map(({ text }): Finding => ({
      place,
      kind: 'name',
      sentence,
      value: text,
      message: `The name "${text}" in the ${named(place)} is not in the source.`,
    })),
  )
}
