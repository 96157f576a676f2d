import type { Span } from './spans.ts'

/**
 * E-mail addresses, found by their @ and read to both sides of it. Blanks beside the @ and the dots, as reading a scan
 * leaves them, are taken for part of the address only if it ends as addresses do.
 */
export function emails(page: string): Span[] {
  const spans: Span[] = []
  let from = 0
  for (const { 0: at, index } of page.matchAll(atSign)) {
    const end = endOf(page, index + at.length, at.length === 1)
    const start = end === undefined ? index : startOf(page, index, from)
    if (end === undefined) continue
    if (start === index) {
      if (knownEnd.test(page.slice(index, end))) spans.push(...inTwoCells(page, from, index, end))
      continue
    }
    spans.push({ kind: 'email', start, end })
    from = end
  }
  return spans
}

/** `| ada | @example.org |`: each cell keeps its place, so that the table stays one. */
function inTwoCells(page: string, from: number, at: number, end: number): Span[] {
  const sign = page.indexOf('@', at)
  const host: Span = { kind: 'email', start: sign < 0 || sign > end ? at : sign, end }
  const lead = page.slice(Math.max(from, at - 80), at)
  const name = /(?<=\| {0,3})([\p{L}\p{N}._%+-]{2,64}) {0,3}\| {0,3}$/u.exec(lead)
  if (!name) return [host]
  const start = at - lead.length + name.index
  return [{ kind: 'email', start, end: start + (name[1] as string).length }, host]
}

/** The blanks around a sign belong to it. */
const atSign = / {0,2}(?:[[({] ?(?:@|at|arroba) ?[\])}]|@) {0,2}/gi

function startOf(page: string, at: number, from: number): number {
  let start = at
  while (start > from && isLocal.test(page[start - 1] as string)) start -= 1
  return start
}

const isLocal = /[\p{L}\p{N}\p{M}._%+'’&/=?^`{}~!#$*-]/u

/** @param isTight nothing stands around the sign: a blank or a comma may then be the dot as a scan was read. */
function endOf(page: string, at: number, isTight: boolean): number | undefined {
  const rest = page.slice(at, at + 260)
  const found =
    tight.exec(rest) ?? gapped.exec(rest) ?? odd.exec(rest) ?? (isTight ? withoutDot.exec(rest) : undefined)
  return found ? at + found[0].length : undefined
}

const label = '[\\p{L}\\p{N}\\p{M}-]{1,63}'
const tight = new RegExp(`^${label}(?:\\.${label}){0,6}\\.\\p{L}{2,24}`, 'u')
const gapped = new RegExp(
  `^${label}(?: ?(?:\\.|[[(] ?(?:dot|punto) ?[\\])]) ?${label}){0,5} ?(?:\\.|[[(] ?(?:dot|punto) ?[\\])]) ?` +
    `(?:com|org|net|edu|gov|us|info|biz|io|me|mx|es|cn|vn|k12)(?![\\p{L}\\p{N}])`,
  'iu',
)
/** Dots and hyphens in places where no address has them. */
const odd = /^[\p{L}\p{N}-]{1,63}\.[\p{L}\p{N}.-]{0,190}\p{L}{2}/u
const withoutDot = new RegExp(
  `^${label}(?:\\.${label}){0,5} ?[ ,] ?(?:com|org|net|edu|gov|us)(?![\\p{L}\\p{N}])`,
  'iu',
)
const knownEnd = /\.(?:com|org|net|edu|gov|us|mx|info)$/i
