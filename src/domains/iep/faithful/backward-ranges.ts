import type { Day } from './day.ts'
import type { Piece } from './pieces.ts'
import type { Value } from './values.ts'

/**
 * Ranges of two full dates that end before they begin: `from 06/05/2026 to 08/18/2025`. Each of its dates may stand on
 * the pages, and the range as a whole is wrong all the same. Where a date may be read in two ways, it is backwards only
 * if it is so in each.
 */
export function backwardRanges(pieces: readonly Piece[], text: string): Value[] {
  return pieces.flatMap((first, at) => {
    if (first.is !== 'days') return []
    const last = pieces[at + (isArticle(pieces[at + 2]) ? 3 : 2)]
    if (!isTo(pieces[at + 1]) || last?.is !== 'days') return []
    const both = first.days.flatMap((from) => last.days.map((to) => [inOrder(from), inOrder(to)] as const))
    if (!both.every(([from, to]) => from !== undefined && to !== undefined && from > to)) return []
    const words = text.slice(first.start, last.end).replaceAll(/\s+/g, ' ')
    return [
      {
        kind: 'date',
        text: words,
        readings: both.map(([from, to]) => ({ is: 'backwards', days: `${from} ${to}` })),
        firm: true,
        spelled: false,
        role: null,
        start: first.start,
        end: last.end,
      },
    ]
  })
}

/** A full date as a number that grows with time. */
function inOrder({ year, month, day }: Day): number | undefined {
  return year && month && day ? (year * 100 + month) * 100 + day : undefined
}

function isTo(piece: Piece | undefined): boolean {
  return (piece?.is === 'word' || piece?.is === 'mark') && to.has(piece.key)
}

function isArticle(piece: Piece | undefined): boolean {
  return piece?.is === 'word' && articles.has(piece.key)
}

const to = new Set([
  '-',
  '–',
  '—',
  '~',
  'to',
  'through',
  'thru',
  'until',
  'till',
  'al',
  'a',
  'hasta',
  'hasta el',
  'đến',
  'tới',
  '至',
  '到',
])
const articles = new Set(['the', 'el', 'ngày', 'hết'])
