import { sectionKeys, type Content, type Finding, type Place } from '../content.ts'
import { evidenceOf, type Evidence } from './evidence.ts'
import { saidIn, type Said } from './facts.ts'
import { aboutPlace, named, onlyOnce, wordsOf, type Checked, type Words } from './findings.ts'
import { namedOnPages, type NamedOnPages } from './named-on-pages.ts'
import { namesIn, vocabularyOf, type Vocabulary } from './names.ts'
import { isOfAnother, isSaid, isSection } from './said-on-pages.ts'
import { servicesBeside, servicesNamed, type Service } from './therapies.ts'
import type { Value } from './values.ts'

/**
 * Holds a content against the pages it was made from (numbered from 1, as the model saw them): every number, date,
 * amount and personal name of the summary and of each section must stand on the pages it cites; what is cited must
 * exist; every section must be there once, in order, and one that the document lacks must say so and cite nothing.
 * Pure, and linear in the length of the texts.
 */
export function checkAgainstPages(content: Content, pages: ReadonlyMap<number, string>): Checked {
  const evidence = evidenceOf(pages)
  const names = namedOnPages(pages)
  const places = wordsOf(content)
  const vocabulary = vocabularyOf(
    places.map(({ text }) => text),
    pages.values(),
  )
  const looked = places.map((words) => look(words, { evidence, names, vocabulary }))
  return {
    findings: onlyOnce([
      ...sectionsMissing(content),
      ...places.flatMap((words) => citations(words, content, pages)),
      ...looked.flatMap(({ findings }) => findings),
    ]),
    checked: looked.reduce((sum, { checked }) => sum + checked, 0),
  }
}

/** Every section once, in the order a parent reads them. */
function sectionsMissing({ summary, sections }: Content): Finding[] {
  const keys = sections.map(({ key }) => key)
  const findings = sectionKeys
    .filter((key) => !keys.includes(key))
    .map((key) => aboutPlace(key, 'missing', `The section ${key} is missing.`))
  for (const key of new Set(keys.filter((key, at) => keys.indexOf(key) !== at)))
    findings.push(aboutPlace(key, 'structure', `The section ${key} is there more than once.`))
  const first = [...new Set(keys)]
  const misplaced = first.find((key, at) => sectionKeys.filter((known) => first.includes(known))[at] !== key)
  if (misplaced)
    findings.push(
      aboutPlace(misplaced, 'structure', `The sections are not in this order: ${sectionKeys.join(', ')}.`),
    )
  if (summary.trim() === '') findings.push(aboutPlace('summary', 'missing', 'The summary is empty.'))
  return findings
}

/** What is cited exists; what was found cites something, and what was not says so and cites nothing. */
function citations(
  { place, text, pages: cited }: Words,
  content: Content,
  pages: ReadonlyMap<number, string>,
): Finding[] {
  const findings = [...new Set(cited)]
    .filter((page) => !pages.has(page))
    .map((page) =>
      aboutPlace(
        place,
        'citation',
        `The ${named(place)} cites page ${page}, which does not exist.`,
        `page ${page}`,
      ),
    )
  const section = content.sections.find(({ key }) => key === place)
  if (section?.found === false) {
    if (cited.length > 0)
      findings.push(
        aboutPlace(place, 'citation', `The section ${place} was not found and must not cite pages.`),
      )
    if (!saysMissing.test(text))
      findings.push(
        aboutPlace(
          place,
          'structure',
          `The section ${place} was not found, and its content does not say so.`,
        ),
      )
    return findings
  }
  if (cited.length === 0)
    findings.push(
      aboutPlace(place, 'citation', `The ${named(place)} cites no page; name every page it comes from.`),
    )
  if (section && text.trim() === '')
    findings.push(aboutPlace(place, 'missing', `The section ${place} says that it was found and is empty.`))
  return findings
}

/** How a content says that the document lacks a section. */
const saysMissing = /\b(?:not|no|without|lacks?|missing|absent|nothing|none|never|cannot|unable)\b|n['’]t\b/i

interface Sources {
  evidence: ReadonlyMap<number, Evidence>
  names: NamedOnPages
  vocabulary: Vocabulary
}

function look({ place, text, pages: cited }: Words, sources: Sources): Checked {
  const there = cited.map((page) => sources.evidence.get(page)).filter((page) => page !== undefined)
  const findings: Finding[] = []
  let checked = 0
  for (const said of saidIn(text, 'en')) {
    const servicesOf = servicesIn(said)
    for (const value of said.values.filter((value) => mustBeSaid(value, said))) {
      checked++
      if (value.role === 'page' && cited.includes(numberOf(value))) continue
      const confirmed =
        value.role === 'section' ? isSection(value, there, sources.evidence.values()) : isSaid(value, there)
      if (!confirmed) findings.push(unsaid(place, said, value, there))
      else findings.push(...misplaced(place, said, value, { services: servicesOf(value), pages: there }))
    }
    for (const mention of namesIn(said.sentence, sources.vocabulary, said.block.kind === 'heading')) {
      checked++
      if (sources.names.isNamed(mention, cited)) continue
      const message = `The name "${mention.text}" does not occur so on the pages that the ${named(place)} cites.`
      findings.push({ place, kind: 'name', sentence: said.sentence, value: mention.text, message })
    }
  }
  return { findings, checked }
}

/** The services an amount may be about: all of its row, or the one beside it in a sentence. */
function servicesIn({ block, sentence }: Said): (value: Value) => Service[] {
  if (block.kind === 'row') {
    const all = [...servicesNamed(sentence)]
    return () => all
  }
  const beside = servicesBeside(sentence)
  return (value) => [beside(value)].filter((service) => service !== undefined)
}

/** The pages say it, but of another service. */
function misplaced(
  place: Place,
  { sentence }: Said,
  value: Value,
  { services, pages }: { services: Service[]; pages: readonly Evidence[] },
): Finding[] {
  if (services.length === 0 || !services.every((service) => isOfAnother(value, service, pages))) return []
  const message = `The amount "${value.text}" stands on the cited pages beside another service, not beside ${services.join(' or ')}.`
  return [{ place, kind: 'amount', sentence, value: value.text, message }]
}

/**
 * Labels (`Goal 1`) and the bare numbers of headings are the writer's own count. But nobody counts his goals up to a
 * hundred, and `Section 504` is a law.
 */
function mustBeSaid(value: Value, { block }: Said): boolean {
  if (!value.firm) return false
  const isOwn = block.kind === 'heading' && value.kind === 'number'
  if (value.role === 'label' || value.role === 'section')
    return numberOf(value) >= 100 || (value.role === 'section' && !isOwn)
  return !isOwn
}

function numberOf({ readings }: Value): number {
  const [reading] = readings
  return reading?.is === 'number' ? reading.n : NaN
}

function unsaid(place: Place, { sentence }: Said, value: Value, pages: readonly Evidence[]): Finding {
  const { kind, text } = value
  if (value.role === 'page')
    return {
      place,
      kind: 'citation',
      sentence,
      value: text,
      message: `The ${named(place)} speaks of page ${text}, which it does not cite.`,
    }
  const message = `The ${kind} "${text}" does not occur on the pages that the ${named(place)} cites${almost(value, pages)}.`
  return { place, kind, sentence, value: text, message }
}

/** What helps to correct it: the number is there, and something else about it is wrong. */
function almost({ readings }: Value, pages: readonly Evidence[]): string {
  const bare = readings.map((reading) => (reading.is === 'number' ? reading : undefined))[0]
  if (!bare || bare.unit === null) return ''
  const all = pages.flatMap(({ numbers }) => numbers.get(bare.n) ?? [])
  if (bare.per !== null && all.some(({ unit }) => unit === bare.unit)) return ', or not as often as that'
  return ''
}
