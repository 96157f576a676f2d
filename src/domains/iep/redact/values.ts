import type { Label } from './labels.ts'
import { extension } from './numbers.ts'
import type { HiddenKind, Span } from './spans.ts'
import { after, countsSomething, digitsIn, isDateAt } from './surroundings.ts'

/**
 * The value of a kind as it begins at a place behind its label, or undefined when there is none. Of all it may be the
 * longest is taken, and it goes on over a gap as long as more digits follow that are neither a date nor an amount:
 * half of an id tells as much as all of it.
 */
export function valueAt(page: string, at: number, label: Label, newLine: boolean): Span | undefined {
  if (isDateAt(page, at)) return undefined
  const read = readers[label.kind]
  const end = read(page.slice(at, at + 120), label, newLine)
  return end === undefined ? undefined : { kind: label.kind, start: at, end: at + end }
}

type Read = (rest: string, label: Label, newLine: boolean) => number | undefined

/** Each tells where the value at the beginning of a text ends. */
const readers: Record<HiddenKind, Read> = {
  ssn: (rest) => {
    const found =
      /^\d{3} {0,3}\| {0,3}\d{2} {0,3}\| {0,3}\d{4}(?!\d)|^(?:[\dOIlSB] ?){3}[-–./ ]{0,3}(?:[\dOIlSB] ?){2}[-–./ ]{0,3}(?:[\dOIlSB] ?){3}[\dOIlSB]|^\d[\d -]{3,12}\d/.exec(
        rest,
      )
    return found && digitsIn(found[0]) >= 5 ? found[0].length : undefined
  },
  phone: (rest) => {
    const usual =
      /^\+?1?[-. ]{0,2}\(?\d{3}\)?[-–./ ]{0,3}\d{3}[-–. ]{0,3}\d{4}(?!\d)|^\d{3}[-–. ]{0,3}\d{4}(?!\d)|^[+(]?(?:\d[ .()–-]{0,2}){6,13}\d(?!\d)/
    const misread =
      /^\+?1?[-. ]{0,2}\(?[\dOolISB]{3}\)?[-–./ ]{0,3}[\dOolISB]{3}[-–. ]{0,3}[\dOolISB]{4}(?![\p{L}\p{N}])/u
    const end = Math.max(longest(rest, [usual, misread]), endOfGroups(rest))
    if (digitsIn(rest.slice(0, end)) < 7) return undefined
    return end + (behindPhone.exec(rest.slice(end))?.[0].length ?? 0)
  },
  email: (rest) =>
    longest(rest, [
      /^[^\s|<>,;:]{1,64}(?: ?@ ?| )?[^\s|<>,;:]{0,64}\.(?:com|org|net|edu|gov|us|mx|info)(?!\p{L})/iu,
      gappedEmail,
      dotlessEmail,
      anyEmail,
    ]) || undefined,
  address: (rest) => /^\d{5}(?:-\d{4})?(?!\d)/.exec(rest)?.[0].length,
  id: (rest, label, newLine) => {
    const least = label.value === 'long-id' || newLine ? 5 : 2
    const begun = longest(rest, [
      /^(?:\d{1,4}[ -]){1,4}\d{1,6}(?![\d/%A-Za-z-])/,
      /^(?:[A-Z]{0,6}-?|[A-Z] )\d[A-Z\d-]{0,23}(?![/%])/i,
      /^(?!ID |NO |OR )[A-Z]{2,3} \d{2,}[A-Z\d-]{0,23}(?![/%])/,
    ])
    if (begun === 0 || /^\d{1,4} ?(?:min|hour|%|hora|times|day)/i.test(rest)) return undefined
    if (label.value === 'long-id' && amount.test(rest)) return undefined
    const end = withMore(rest, begun)
    const isLong = end >= 3 && digitsIn(rest.slice(0, end)) >= Math.max(2, least)
    return isLong
      ? end + (/^ [A-Z](?: ?\d{1,2})?(?= *(?:$|[\n|<,;)]))/.exec(rest.slice(end))?.[0].length ?? 0)
      : undefined
  },
}

function longest(rest: string, patterns: RegExp[]): number {
  return Math.max(...patterns.map((pattern) => pattern.exec(rest)?.[0].length ?? 0))
}

/** Small letters and no colon: `Minutes:` would be the next field of the form. */
const amount =
  /^\d{5,6} (?:minutes?|min|minutos|hours?|horas?|days?|d[íi]as|times|veces|words|steps|points)(?![\p{L}:]| :)/u

/** No number of this kind has more digits. */
const mostDigits = 16

/** `12345 67890`: where a value ends with the groups of digits that follow it. */
function withMore(rest: string, begun: number): number {
  let end = begun
  for (;;) {
    const more = /^(?: ?[-–] ?| )\d{2,12}(?:-{1,2}\d{2,12}){0,3}[A-Z]?(?![\p{L}\d])/u.exec(
      rest.slice(end),
    )?.[0]
    if (more === undefined || digitsIn(rest.slice(0, end) + more) > mostDigits) return end
    if (!isMore(rest, end + more.search(/\d/), end + more.length)) return end
    end += more.length
  }
}

/** Neither a date, nor a school year, nor an amount; a word with a colon names the next field, not what is counted. */
function isMore(rest: string, start: number, end: number): boolean {
  const behind = after(rest, end)
  const isCounted = (countsSomething(behind) && !/^ {0,2}\p{L}+ ?:/u.test(behind)) || /^ plan\b/i.test(behind)
  return !isDateAt(rest, start) && !isSchoolYear.test(rest.slice(start)) && !isCounted
}

const isSchoolYear = /^(?:19|20)\d\d ?[-–/] ?(?:\d\d){1,2}(?!\d)/

/**
 * Where a phone number ends that is written in groups, of this country or another: at ten digits, or later if it
 * begins with the code of a country.
 */
function endOfGroups(rest: string): number {
  const whole = rest.startsWith('+') || /^\(?1/.test(rest) ? 11 : /^\(?0[01]/.test(rest) ? 13 : 10
  let [end, count, last] = [0, 0, 0]
  for (const { 0: piece, 1: digits = '', index } of rest.matchAll(group)) {
    if (index !== end || (end === 0 && !/^[+(]{0,2}\d/.test(piece)) || count >= whole) break
    const start = index + piece.length - digits.length
    if (count >= 7) {
      if (digits.length < 2 && last > 1) break
      if (!/^[ .•·–-]{1,2}\d/.test(piece) || !isMore(rest, start, start + digits.length)) break
      if (/^\p{L}/u.test(rest.slice(start + digits.length))) break
    }
    end = start + digits.length
    count += digits.length
    last = digits.length
  }
  return count <= 15 ? end : 0
}

const group = /[ .()•·–/+-]{0,4}(\d+)/g
const behindPhone = new RegExp(`^${extension}`, 'i')

/** One gap in the name and one in the host, and what a scan makes of the sign. */
const gappedEmail =
  /^[^\s|<>,;:@®]{1,64}(?: {1,2}[^\s|<>,;:@®]{1,64})? {0,2}[([{]? ?[@®] ?[)\]}]? {0,2}[^\s|<>:;,@®]{1,40}(?: {1,2}[^\s|<>:;,@®]{0,40})?(?:\.(?:com|org|net|edu|gov|us|mx|info)|\. (?:com|org|net|edu|gov))(?:\.\p{L}{2,3})?(?![\p{L}\p{N}])/iu
const dotlessEmail =
  /^[^\s|<>,;:@®]{1,64}(?: {1,2}[^\s|<>,;:@®]{1,64})?(?:[@®][^\s|<>:;,@®]{1,40} ?[ ,] ?us| {0,2}[@®] {0,2}[^\s|<>:;,@®]{1,40} ?[ ,] ?(?:com|org|net|edu|gov))(?![\p{L}\p{N}])/iu
/** Behind its label nothing else has this sign in the middle. */
const anyEmail = /^[^\s|<>,;:@]{1,64}@[^\s|<>,;:@]{2,64}/u
