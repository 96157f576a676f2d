/** A page whose wrapped lines are put together again, so that what a line break splits can be read as a whole. */
export interface Flowing {
  text: string
  /** Where in the text lines were put together, in rising order. */
  breaks: number[]
  /** Where in the page a place of the text is. */
  inPage(at: number): number
}

/**
 * Puts lines together with a blank, or with nothing where a hyphen splits a word. A line break is a line feed or the
 * `<br>` of a cell, with the blanks beside it. Two in a row separate, and so does one beside a row of a table, after a
 * heading, and before anything that begins by itself, such as the item of a list.
 */
export function flowing(page: string): Flowing {
  const texts: string[] = []
  const breaks: number[] = []
  const starts = [{ text: 0, page: 0 }]
  let length = 0
  let from = 0
  let line = 0
  for (const { 0: sign, index } of page.matchAll(lineBreak)) {
    if (index < from) continue
    const gap = gapAround(page, Math.max(from, line), line, index, index + sign.length)
    if (sign.endsWith('\n') ? wraps(page, line, gap) : isBetweenWords(page, gap)) {
      const isSplit = splitsWord(page, gap)
      const piece = page.slice(from, isSplit ? gap.start - 1 : gap.start)
      texts.push(piece, isSplit ? '' : ' ')
      length += piece.length
      breaks.push(length)
      if (!isSplit) length += 1
      from = gap.end
      starts.push({ text: length, page: from })
    }
    if (sign.endsWith('\n')) line = index + sign.length
  }
  if (breaks.length === 0) return unbroken(page)
  texts.push(page.slice(from))
  return { text: texts.join(''), breaks, inPage: (at) => inPage(starts, at) }
}

/**
 * A page whose wide gaps between words are no wider than the finders look past. Two blanks stay two: they tell columns
 * apart, and what a line is indented by stays as well.
 */
export function narrowed(page: string): Flowing {
  const texts: string[] = []
  const starts = [{ text: 0, page: 0 }]
  let length = 0
  let from = 0
  for (const { 0: gap, index } of page.matchAll(wideGap)) {
    texts.push(page.slice(from, index + 2))
    length += index + 2 - from
    from = index + gap.length
    starts.push({ text: length, page: from })
  }
  texts.push(page.slice(from))
  return { text: texts.join(''), breaks: [], inPage: (at) => inPage(starts, at) }
}

const wideGap = /(?<=[^\s]) {3,}(?=[^\s])/g

/** A page as it stands. */
export const unbroken = (page: string): Flowing => ({ text: page, breaks: [], inPage: (at) => at })

/** The breaks inside a piece of the text. */
export function breaksIn({ breaks }: Flowing, start: number, end: number): number[] {
  const found: number[] = []
  for (let index = firstAbove(breaks, start); index < breaks.length; index += 1) {
    const at = breaks[index] as number
    if (at >= end) break
    found.push(at)
  }
  return found
}

/** Whether a line ends at a place, or in the blanks behind it. */
export function endsLine({ text, breaks }: Flowing, at: number): boolean {
  let end = at
  while (end < at + 3 && text[end] === ' ' && breaks[firstAbove(breaks, end - 1)] !== end) end += 1
  return end >= text.length || text[end] === '\n' || breaks[firstAbove(breaks, end - 1)] === end
}

/** The index of the first that is greater. */
function firstAbove(rising: number[], than: number): number {
  let [low, high] = [0, rising.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rising[middle] as number) > than) high = middle
    else low = middle + 1
  }
  return low
}

function inPage(starts: { text: number; page: number }[], at: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as { text: number }).text <= at) low = middle
    else high = middle - 1
  }
  const start = starts[low] as { text: number; page: number }
  return start.page + at - start.text
}

/** A `<br>` at the end of a line is one break with it. */
const lineBreak = /<br ?\/?>(?: {0,9}\n)?|\n/gi

interface Gap {
  start: number
  end: number
}

/** The break with its blanks. Each blank is passed once from either side: none is looked at before `from`. */
function gapAround(page: string, from: number, line: number, start: number, end: number): Gap {
  let [first, last] = [start, end]
  while (first > from && page[first - 1] === ' ') first -= 1
  while (page[last] === ' ') last += 1
  // A quotation has its mark before every line.
  if (page.startsWith('> ', last) && page.startsWith('>', line)) last += 2
  return { start: first, end: last }
}

function wraps(page: string, line: number, gap: Gap): boolean {
  const lead = page.slice(line, line + 40).trimStart()
  return isBetweenWords(page, gap) && !/^(?:\||#{1,6} )/.test(lead) && !ownBeginning.test(nextOf(page, gap))
}

/** Something stands on both sides that is no edge of a cell and no break. */
function isBetweenWords(page: string, gap: Gap): boolean {
  const before = page[gap.start - 1] ?? '\n'
  const behind = page.slice(gap.start - 6, gap.start)
  return (
    !/[|\n]/.test(before) && !/<br ?\/?>$/i.test(behind) && !/^(?:$|[|\n]|<br ?\/?>)/i.test(nextOf(page, gap))
  )
}

const nextOf = (page: string, { end }: Gap): string => page.slice(end, end + 8)

/** What begins a line by itself: marks and numbers of lists, headings, rules, quotations. `N. Main` is none. */
const ownBeginning =
  /^(?:[>•·▪◦‣●○■□☐☑☒✓✔✗]|[-*+–—] |#{1,6} |-{3}|={3}|_{3}|\*{3}|`{3}|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)] |\(?[A-Z]\) |\[[A-Z])/

const splitsWord = (page: string, { start, end }: Gap): boolean =>
  /\p{L}-$/u.test(page.slice(Math.max(0, start - 3), start)) && /^\p{Ll}/u.test(page.slice(end, end + 2))
