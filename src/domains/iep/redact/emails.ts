import type { Span } from './spans.ts'

/**
 * E-mail addresses, found by their @ and read to both sides of it. Blanks beside the @ and the dots, as reading a scan
 * leaves them, are taken for part of the address only if it ends as addresses do.
 */
export function emails(page: string): Span[] {
  const spans: Span[] = []
  let from = 0
  for (const { 0: at, index } of page.matchAll(atSign)) {
    const end = endOf(page, index + at.length)
    const start = end === undefined ? index : startOf(page, index, from)
    if (end === undefined || start === index) continue
    spans.push({ kind: 'email', start, end })
    from = end
  }
  return spans
}

/** The blanks around a sign belong to it. */
const atSign = / {0,2}(?:@|[[({] ?(?:at|arroba) ?[\])}]) {0,2}/gi

function startOf(page: string, at: number, from: number): number {
  let start = at
  while (start > from && isLocal.test(page[start - 1] as string)) start -= 1
  return start
}

const isLocal = /[\p{L}\p{N}\p{M}._%+'’&/=?^`{}~!#$*-]/u

function endOf(page: string, at: number): number | undefined {
  const rest = page.slice(at, at + 260)
  const found = tight.exec(rest) ?? gapped.exec(rest)
  return found ? at + found[0].length : undefined
}

const label = '[\\p{L}\\p{N}\\p{M}-]{1,63}'
const tight = new RegExp(`^${label}(?:\\.${label}){0,6}\\.\\p{L}{2,24}`, 'u')
const gapped = new RegExp(
  `^${label}(?: ?(?:\\.|[[(] ?(?:dot|punto) ?[\\])]) ?${label}){0,5} ?(?:\\.|[[(] ?(?:dot|punto) ?[\\])]) ?` +
    `(?:com|org|net|edu|gov|us|info|biz|io|me|mx|es|cn|vn|k12)(?![\\p{L}\\p{N}])`,
  'iu',
)
