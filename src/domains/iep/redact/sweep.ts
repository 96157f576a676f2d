import { isCounting } from './addresses.ts'
import type { HiddenKind } from './spans.ts'

/**
 * Looks once more at text that was redacted, by other means than those that redacted it: it goes from word to word and
 * from number to number instead of searching for whole forms. Of what it knows nothing may be left.
 * @returns what kind of thing is still there, or undefined.
 */
export function stillHolds(text: string): HiddenKind | undefined {
  if (holdsEmail(text)) return 'email'
  for (const line of text.split('\n')) {
    const kind = numbersIn(line) ?? placesIn(line)
    if (kind) return kind
  }
  return acrossLines(text)
}

/** The end of some lines and the beginning of the next, put together at `seam`. */
interface Joined {
  text: string
  seam: number
}

/** Of each line only so much may belong to what begins or ends in another. */
const reach = 100

/** Looks at the end of each line together with the beginning of the next, unless either is of a kind that stands alone. */
function acrossLines(text: string): HiddenKind | undefined {
  let tail = ''
  for (const line of text.split('\n')) {
    for (const [index, piece] of line
      .replace(/<br ?\/?> {0,9}$/i, '')
      .split(/<br ?\/?>/i)
      .entries()) {
      const part = piece.trim()
      const begins = index > 0 ? /^[\p{L}\d(]/u : /^(?!\(?[\p{L}\d]{1,4}[.)])[\p{L}\d(]/u
      const goesOn = begins.test(part) && /[\p{L}\d,:@-]$/u.test(tail)
      const kind = goesOn && splitIn({ text: `${tail}\n${part.slice(0, reach)}`, seam: tail.length })
      if (kind) return kind
      tail = (goesOn ? `${tail}\n${part}` : part).slice(-reach)
    }
    if (/^ *[#|>]/.test(line)) tail = ''
  }
  return undefined
}

function splitIn({ text, seam }: Joined): HiddenKind | undefined {
  if (!/[-@]|street|avenue|boulevard|box|ca|ma|id|ssn/i.test(text)) return undefined
  const isSplit = (start: number, end: number): boolean => start < seam && end > seam
  for (const { 0: number, index } of text.matchAll(
    /(?<![\d./-])\d{3}\s?-\s?(?:\d{2}|\d{3})\s?-\s?\d{4}(?!\d)/g,
  )) {
    if (!isSplit(index, index + number.length) || isNumbered(text.slice(0, index))) continue
    if (!/^[-./]\d/.test(text.slice(index + number.length)))
      return /\d{10}/.test(number.replace(/\D/g, '')) ? 'phone' : 'ssn'
  }
  if (
    /[\p{L}\p{N}]@$/u.test(text.slice(0, seam)) &&
    /^\n[\p{L}\p{N}-]{1,63}\.\p{L}{2}/u.test(text.slice(seam))
  )
    return 'email'
  const id = /(?:\bssn|\bssid|\bsasid|\bstudent id)[ #:]{0,3}$/i.test(text.slice(0, seam))
  if (id && /^\n\d{6,14}(?![\p{L}\d/%.-]|\s?[/%-])/u.test(text.slice(seam))) return 'id'
  return placeSplitIn(text, isSplit)
}

function placeSplitIn(
  text: string,
  isSplit: (start: number, end: number) => boolean,
): HiddenKind | undefined {
  const words = Array.from(text.matchAll(/[^ \n]+/g))
  for (const [index, { 0: word, index: start }] of words.entries()) {
    const [name, house, lead] = [words[index - 1], words[index - 2], words[index - 3]]
    const next = words[index + 1]
    if (name && house && /^(?:Street|Avenue|Boulevard)[,.;)*]*$/.test(word)) {
      const isHouse = /^\d{1,6}$/.test(house[0]) && !/^(?:19|20)\d\d$/.test(house[0])
      const isName = /^\p{Lu}\p{Ll}+$/u.test(name[0]) && !isCounting(name[0])
      const isIn = isSplit(house.index, start + word.length) && start + word.length - house.index < 60
      // At the end of a line stand other numbers as well: only behind `at` is it a house.
      const isMeant =
        !text.slice(house.index, name.index).includes('\n') || /^(?:at|to|lives)$/.test(lead?.[0] ?? '')
      const isHeading = /^\s\p{L}+(?:\s\p{L}+){0,3} ?:/u.test(text.slice(start + word.length))
      if (isHouse && isName && isIn && isMeant && !isHeading && !isNumbered(text.slice(0, house.index)))
        return 'address'
    }
    if (!next || !isSplit(start, next.index + next[0].length)) continue
    if (/^(?:CA|MA)[,;]?$/.test(word) && /^\d{5}[,;)]*$/.test(next[0])) return 'address'
    if (/^box$/i.test(word) && /^(?:po|p\.o)$/i.test(name?.[0] ?? '') && /^\d{1,6}$/.test(next[0]))
      return 'address'
  }
  return undefined
}

/** Something, an @, and something with a dot and letters in it. */
function holdsEmail(text: string): boolean {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const host = /^[\p{L}\p{N}-]{1,63}\.[\p{L}\p{N}.-]*\p{L}{2}/u.test(text.slice(at + 1, at + 200))
    if (host && /[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return true
  }
  return false
}

/** What stands behind a label on the wrong line of a form. */
const isDate = /^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}-\d{1,2}-\d{2,4})$/

interface Group {
  digits: string
  /** What stands between this group and the one before. */
  gap: string
  start: number
}

function numbersIn(line: string): HiddenKind | undefined {
  const groups = groupsOf(line)
  for (const [index, group] of groups.entries()) {
    if (group.digits.length >= 9 && line[group.start - 1] !== '.') return 'id'
    const [second, third, fourth] = [groups[index + 1], groups[index + 2], groups[index + 3]]
    if (!second || !third || continues(group) || (fourth && continues(fourth))) continue
    const shape = `${group.digits.length}-${second.digits.length}-${third.digits.length}`
    if (shape !== '3-2-4' && shape !== '3-3-4') continue
    if (!isHyphen(second.gap) || !isHyphen(third.gap)) continue
    if (!isNumbered(line.slice(Math.max(0, group.start - 60), group.start)))
      return shape === '3-2-4' ? 'ssn' : 'phone'
  }
  const label =
    /(?:\bssn|\bssid|\bsasid|\bstudent id|social security(?: number)?)[ #:.*|]{0,6}(\d[\d-]{4,14}\d)(?![\d/]|-\d| ?%)/i.exec(
      line,
    )
  if (!label || isDate.test(label[1] ?? '')) return undefined
  return /ss?n|social/i.test(label[0]) ? 'ssn' : 'id'
}

function groupsOf(line: string): Group[] {
  let end = 0
  return Array.from(line.matchAll(/[0-9]+/g), ({ 0: digits, index }) => {
    const gap = line.slice(end, index)
    end = index + digits.length
    return { digits, gap, start: index }
  })
}

const isHyphen = (gap: string): boolean => gap.length <= 3 && gap.trim() === '-'

/** It goes on from a number before it, so that it is a piece of something longer. */
const continues = ({ gap }: Group): boolean => /^[-./]$/.test(gap)

/** Goals and paragraphs have numbers too. */
function isNumbered(lead: string): boolean {
  const words = lead
    .slice(-40)
    .toLowerCase()
    .split(/[^\p{L}§]+/u)
    .filter(Boolean)
  const numbered = new Set(
    'goal goals objective objectives benchmark benchmarks standard standards meta metas objetivo objetivos form forms formulario item items test tests lesson lessons section sections sección seccion rev version code codes cfr ccr cmr title titles rule rules policy § tier grade grado level page step phase bus period week chapter book unit part age ages edad'.split(
      ' ',
    ),
  )
  return words.slice(-2).some((word) => numbered.has(word)) || /[§]|u\.s\.c/i.test(lead.slice(-12))
}

function placesIn(line: string): HiddenKind | undefined {
  const words = line.split(/ +/)
  const at = (index: number): string => words[index] ?? ''
  for (const [index, word] of words.entries()) {
    const isStreet =
      /^(?:Street|Avenue|Boulevard)[,.;)*]*$/.test(word) && /^\p{Lu}\p{Ll}+$/u.test(at(index - 1))
    const isHouse =
      /^\d{1,6}$/.test(at(index - 2)) && !isNumbered(words.slice(Math.max(0, index - 6), index - 2).join(' '))
    if (isStreet && isHouse && !isCounting(at(index - 1))) return 'address'
    if (/^(?:CA|MA)[,;]?$/.test(word) && /^\d{5}[,;.)]*$/.test(at(index + 1))) return 'address'
    if (/^box$/i.test(word) && /^(?:po|p\.o)$/i.test(at(index - 1)) && /^\d{1,6}$/.test(at(index + 1)))
      return 'address'
  }
  return undefined
}
