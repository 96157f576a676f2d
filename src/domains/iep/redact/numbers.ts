import type { Span } from './spans.ts'
import { after, before, dash, digitsIn, namesMeasure, namesSomethingNumbered } from './surroundings.ts'

/**
 * Numbers written as social security numbers are, also with the gaps that reading a scan puts between their digits.
 * Without a hyphen, a dot or a slash nothing but the rules of their areas tells them from scores, so these must hold,
 * and they must not stand in a row of numbers. Masked ones (`XXX-XX-1234`) are left as they are.
 */
export function socialSecurityNumbers(page: string): Span[] {
  const spans: Span[] = []
  for (const { 0: whole, 1: area, 2: group, 3: serial, index: start } of page.matchAll(dashedSsn)) {
    if (namesSomethingNumbered(before(page, start)) && !couldBeIssued(area, group, serial)) continue
    spans.push({ kind: 'ssn', start, end: start + whole.length })
  }
  for (const { 0: whole, 1: area, 2: group, 3: serial, index: start } of page.matchAll(blankedSsn)) {
    const end = start + whole.length
    const meant = speaksOfSsn(before(page, start, 60))
    const isFree = !inRowOfNumbers(page, start, end) && !ofMinutes.test(before(page, start))
    if (meant || (couldBeIssued(area, group, serial) && isFree)) spans.push({ kind: 'ssn', start, end })
  }
  for (const { 0: whole, index: start } of page.matchAll(nineApart))
    if (speaksOfSsn(before(page, start, 60))) spans.push({ kind: 'ssn', start, end: start + whole.length })
  return spans
}

/** Phone and fax numbers of North America in any usual form, and those of other countries after a plus. */
export function phones(page: string): Span[] {
  const spans: Span[] = []
  for (const { 0: whole, index: start } of page.matchAll(tenDigits)) {
    const end = start + whole.length
    if (!namesSomethingNumbered(before(page, start))) spans.push({ kind: 'phone', start, end })
  }
  for (const { 0: whole, index: start } of page.matchAll(blankedPhone)) {
    const end = start + whole.length
    const lead = before(page, start)
    const isFree = !namesSomethingNumbered(lead) && !namesMeasure(lead)
    if (speaksOfPhones(lead) || (isFree && !inRowOfNumbers(page, start, end)))
      spans.push({ kind: 'phone', start, end })
  }
  for (const { 0: whole, 1: line = '', index: start } of page.matchAll(sevenDigits)) {
    const end = start + whole.length
    if (isLocalNumber(page, start, end, line)) spans.push({ kind: 'phone', start, end })
  }
  for (const pattern of [misread, ofOtherForms])
    for (const { 0: whole, index: start } of page.matchAll(pattern))
      if (digitsIn(whole) >= 7 && !namesSomethingNumbered(before(page, start)))
        spans.push({ kind: 'phone', start, end: start + whole.length })
  for (const pattern of [abroad, spelled])
    for (const { 0: whole, index: start } of page.matchAll(pattern))
      if (pattern === spelled || digitsIn(whole) >= 8)
        spans.push({ kind: 'phone', start, end: start + whole.length })
  return spans
}

/**
 * Nine and more digits in a row, and Medi-Cal's index numbers: whatever they are, they tell a parent nothing and
 * somebody else who the child is.
 */
export function bareNumbers(page: string): Span[] {
  const spans: Span[] = []
  for (const { 0: whole, index: start } of page.matchAll(longRun)) {
    const end = start + whole.length
    spans.push({ kind: kindOf(whole, before(page, start)), start, end })
  }
  for (const { 0: whole, index: start } of page.matchAll(clientIndexNumber))
    spans.push({ kind: 'id', start, end: start + whole.length })
  return spans
}

/** Three digits, together or all apart: `1 2 3`. A gap in one place only belongs between two numbers. */
const three = '(\\d{3}|\\d \\d \\d)'
const four = '(\\d{4}|\\d \\d \\d \\d)'
const noDigitBefore = '(?<!\\d)'
const noNumberBefore = '(?<!\\d)(?<!\\d[-./])'
/** A line break may follow what joins two parts. */
const joint = ` {0,3}[${dash}._/] {0,3}\\n? {0,3}`

const dashedSsn = new RegExp(`${noDigitBefore}${three}${joint}(\\d{2}|\\d \\d)${joint}${four}(?!\\d)`, 'g')
const blankedSsn = /(?<!\d)(?<!\d[-./])(\d{3}) {1,3}(\d{2}) {1,3}(\d{4})(?![\d%])/g
const nineApart = /(?<!\d ?)(?:\d ){8}\d(?! ?\d)/g

/** `Minutes: 300 60 1440`: of three services. */
const ofMinutes = /(?<!\p{L})min(?:ute|uto)?s?[ *_:=#(]{0,6}$/iu

/** Numbers are given out by these rules; those of taxpayers without one begin with 9. */
function couldBeIssued(area = '', group = '', serial = ''): boolean {
  const [first, second, third] = [area, group, serial].map((part) => Number(part.replaceAll(' ', '')))
  if (!first || !second || !third || first === 666) return false
  return first < 900 || second >= 50
}

const speaksOfSsn = (text: string): boolean =>
  /social security|\bs\.?s\.?n\b|\bss ?#|seguro social/i.test(text)

const speaksOfPhones = (text: string): boolean =>
  /\b(?:phones?|telephone|tel|call|cell|cellular|mobile|fax|contact|text|cel|tel[ée]fono|celular|m[óo]vil|llam[ea])\b/i.test(
    text,
  )

/** A list of scores, not a number with gaps. */
function inRowOfNumbers(page: string, start: number, end: number): boolean {
  return /\d[%,]? {1,3}$/.test(before(page, start, 8)) || /^,? {1,3}\d/.test(after(page, end, 8))
}

export const extension = '(?: {0,2},? {0,2}(?:extensi[óo]n|ext|anexo|x)[.:]? {0,2}#? {0,2}\\d{1,6})?'
/** As well with the points between the parts that people draw. */
const phoneJoint = ` {0,3}[${dash}._/•·] {0,3}\\n? {0,3}`
const country = '(?:\\+? ?1[-. ]{1,3}|\\+1)?'
const tenDigits = new RegExp(
  `${noDigitBefore}${country}(?:` +
    `\\( ?${three} ?\\) {0,3}[${dash}./•·]{0,2} {0,3}\\n? {0,3}${three} {0,3}[${dash}.•·]{0,2} {0,3}(?:${four}|\\d\\d \\d\\d)` +
    `|${three}${phoneJoint}${three}(?:${phoneJoint}| {1,3}|[${dash}]{2})?${four}` +
    `|${three} {1,3}${three} {0,3}[${dash}.•·]{1,2} {0,3}${four}` +
    `)(?!\\d)${extension}`,
  'gi',
)
const blankedPhone = new RegExp(
  `${noNumberBefore}(?:\\+?1 {1,3})?[2-9]\\d{2} {1,3}[2-9]\\d{2} {1,3}\\d{4}(?![\\d%])${extension}`,
  'gi',
)
const sevenDigits = new RegExp(
  `${noNumberBefore}(?<![$#])[2-9]\\d{2} ?[${dash}.] ?(\\d{4})(?![\\d%])(?![${dash}./]\\d)${extension}`,
  'gi',
)
/** Letters that a scan takes digits for, behind an area code in brackets. */
const misread = new RegExp(
  `\\([\\dOolISB]{3}\\) {0,3}[${dash}.]? {0,3}[\\dOolISB]{3} {0,3}[${dash}.]? {0,3}[\\dOolISB]{4}(?![\\p{L}\\p{N}])${extension}`,
  'gu',
)
/** Mexico's, China's and Vietnam's, as they are written at home. */
const ofOtherForms =
  /(?<![\p{L}\d]|[\d\p{L}][-./])(?:[2-9]\d{2}-\d{3}-\d{2}-\d{2}|1[3-9]\d-\d{4}-\d{4}|0[2-9]\d{2}-\d{3}-\d{3}|0[2-9]\d-\d{4}-\d{3})(?![\d%]|[-./]\d)/gu
const abroad = /\+ ?[2-9]\d{0,2}(?:[-. ()]{1,3}\d{1,5}){2,4}(?!\d)|\+ ?[2-9]\d{7,14}(?!\d)/g
const spelled =
  /(?<![\dA-Z])(?:1[-. ])?8(?:00|33|44|55|66|77|88)[-. ](?=[0-9-]{0,8}[A-Z])[A-Z0-9]{2,7}(?:-[A-Z0-9]{2,7}){0,2}(?![A-Za-z])/g

/**
 * Seven digits look like a range of scores or minutes as well (`450-1050`). They are a phone number where the line
 * speaks of one, and where they are no range: one ends in a round number or stands behind words for it, has no end
 * that begins with 0 or is higher than any score, and may have a unit.
 */
function isLocalNumber(page: string, start: number, end: number, line: string): boolean {
  const lead = before(page, start)
  const rest = after(page, end)
  if (speaksOfPhones(lead) || /^ ?\(? ?(?:home|cell|work|fax|mobile|casa|celular|trabajo)\b/i.test(rest))
    return true
  if (asksWhere.test(lead) && !hasUnit.test(rest)) return true
  if (namesMeasure(lead)) return false
  if (page.slice(start, end).includes('.') || namesSomethingNumbered(lead) || hasUnit.test(rest)) return false
  if (line.startsWith('0') || Number(line) > 2500) return true
  return Number(line) % 50 !== 0 && !speaksOfRanges.test(lead)
}

/** A form's `Home:` with seven digits. */
const asksWhere = /(?<!\p{L})(?:home|work|casa|trabajo|hogar)[ *_]{0,3}:[ *_]{0,4}$/iu
const hasUnit =
  /^ ?(?:k?hz|db|l|words?|points?|steps?|min|minutes?|minutos?|hours?|horas?|feet|ft|miles|m|calories|cal|pages?|palabras?|puntos?)\b/i
const speaksOfRanges =
  /\b(?:range|rango|lexile|scores?|puntaje|between|entre|from|minutes|hz|words|pages?|confidence|interval|percentile|ss)\b[^.]{0,20}$/i

const longRun = /(?<!\d)(?<!\d\.)\d{9,}/g
const clientIndexNumber = /(?<![\dA-Z])9\d{7}[A-Z](?![\dA-Za-z])/g

function kindOf(digits: string, lead: string): Span['kind'] {
  if (digits.length === 9 && couldBeIssued(digits.slice(0, 3), digits.slice(3, 5), digits.slice(5)))
    return 'ssn'
  if (digits.length < 12 && speaksOfPhones(lead)) return 'phone'
  return 'id'
}
