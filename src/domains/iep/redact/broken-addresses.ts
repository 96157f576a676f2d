import { breaksIn, endsLine, type Flowing } from './flowing.ts'
import { after, before } from './surroundings.ts'

/**
 * What more is asked of an address that a line break splits: what ends a line and what begins the next need not belong
 * together. A street whose name wraps is one; a number at the end of a line and a street on the next are one only if
 * the number is not something else, such as the year of a date.
 * @param kind the word the street ends in, if it has one
 * @param proven a unit or a place follows: it is an address
 */
export function isOneStreet(
  flow: Flowing,
  start: number,
  end: number,
  kind: string,
  proven: boolean,
): boolean {
  const { text } = flow
  const inside = breaksIn(flow, start, end)
  if (inside.length === 0) return true
  if (inside.some((at) => label.test(lineAt(flow, at + 1)))) return false
  const number = houseNumber.exec(text.slice(start, start + 20))?.[0] ?? ''
  const lead = leadOf(flow, start)
  const isYear = /^(?:19|20)\d\d(?:-\d{2,4})?,?$/.test(number)
  if (isYear && number.includes('-')) return false
  if (inside[0] !== start + number.length) return true
  if (ofDate.test(lead)) return false
  if (proven || leadsThere(flow, start)) return true
  if (isYear || numberedBefore.test(lead)) return false
  return sureKinds.test(kind) || isAlone(flow, start)
}

/** `…3 Oak⏎Street crossing: Ada crosses…` */
const label = /^\p{Lu}\p{L}+(?: \p{Ll}\p{L}*){1,3} ?:/u

/** The beginning of a line. */
const lineAt = (flow: Flowing, at: number): string =>
  flow.text.slice(at, breaksIn(flow, at, at + 60)[0] ?? at + 60)

const houseNumber = /^\d{1,6}(?:-\d{1,4})?[A-Z]?(?: 1\/2)?,?/
const ofDate =
  /(?<!\p{L})(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)\p{L}{0,7}\.? (?:\d{1,2}(?:st|nd|rd|th)?,? ?)?$/iu
const numberedBefore =
  /(?<!\p{L})(?:room|rm|scores?|total|ss|ge|percentile|quarter|trimester|semester|times?|minutes?|min|sessions?)[ :#|*]*$/iu
const sureKinds =
  /^(?:street|avenue|road|boulevard|highway|parkway|turnpike|freeway|blvd|ave|rd|st|pkwy|hwy)$/i

/** Nothing else stands in the line. */
const isAlone = (flow: Flowing, start: number): boolean => leadOf(flow, start).trim() === ''

/** Words behind which people write where something is. */
export const leadsThere = (flow: Flowing, start: number): boolean =>
  /(?<!\p{L})(?:at|to|near|address|home|residence|lives?|living|moved|in|en|vive|direcci[óo]n|domicilio|casa)[ :*|]{1,4}$/iu.test(
    leadOf(flow, start) || before(flow.text, start),
  )

/** What stands before it in its own line; the end of the line before is none of its business. */
export function leadOf(flow: Flowing, start: number): string {
  const lead = before(flow.text, start)
  const last = breaksIn(flow, start - lead.length - 1, start).at(-1)
  return last === undefined ? lead : flow.text.slice(last + 1, start)
}

/** Where an address ends: `Unit 3 Math` on the next line is a heading, and `Suite⏎The` no number. */
export function endWithUnit(flow: Flowing, match: RegExpExecArray, placeFollows: RegExp): number {
  const end = match.index + match[0].length
  const start = end - (match.groups?.['unit'] ?? '').length
  const [at] = breaksIn(flow, start - 1, end)
  if (at === undefined) return end
  const behind = flow.text.slice(at + 1, end)
  const isBefore = /^[ ,]*$/.test(flow.text.slice(start, at))
  if (!isBefore) return /\d|^[A-Z]$/.test(behind) ? end : start
  if (!/^(?:unit|room|rm|lot|space|spc|floor|building|bldg)\b/i.test(behind)) return end
  const rest = after(flow.text, end, 60)
  return endsLine(flow, end) || /^ {0,3}(?:$|[,;|)<])/.test(rest) || placeFollows.test(rest) ? end : start
}

/**
 * Where a city begins. One of two words may wrap (`Harbor⏎Glen, CA`), but the line before a city may as well end in the
 * name of a person or a school: it belongs to the city only where something speaks for it.
 */
export function startOfCity(flow: Flowing, match: RegExpExecArray, streetEnd: RegExp): number {
  const city = (match.groups?.['city'] ?? '').trimEnd()
  const inside = breaksIn(flow, match.index, match.index + city.length)
  const last = inside.at(-1)
  if (last === undefined) return match.index
  const lead = before(flow.text, match.index)
  const first = flow.text.slice(match.index, last)
  const speaks =
    /(?<!\p{L})(?:in|of|from|near|at|to|en|de) {1,2}$|\d[A-Z]?, {0,2}$|(?:Apt|Suite|Ste|Unit|APT|STE|#)\.? ?[A-Z\d-]{1,8} {1,2}$/u.test(
      lead,
    ) ||
    streetEnd.test(lead) ||
    streetEnd.test(`${first.split(' ')[0]} `)
  return inside.length === 1 && speaks ? match.index : last + 1
}
