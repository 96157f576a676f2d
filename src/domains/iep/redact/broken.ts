import { addresses } from './addresses.ts'
import { emails } from './emails.ts'
import { breaksIn, endsLine, flowing, narrowed, unbroken, type Flowing } from './flowing.ts'
import { labelled } from './labelled.ts'
import { phones, socialSecurityNumbers } from './numbers.ts'
import type { Span } from './spans.ts'
import { after, before, countsSomething, digitsIn, isDateAt } from './surroundings.ts'
import { columns } from './tables.ts'

/**
 * What a line break or a wide gap splits: `1500 Harbor⏎Boulevard`, `415-555⏎0123`, a cell's `Student ID:<br>1234567`. Of
 * lines only what does lie on both sides of a break is told, and only where its parts belong together: the next one may
 * begin with minutes.
 */
export function broken(page: string): Span[] {
  return [...acrossLines(page), ...acrossGaps(page)]
}

/** What a wide gap splits, as scans of forms leave them. Numbers with nothing but the gap between them are columns. */
function acrossGaps(page: string): Span[] {
  const narrow = narrowed(page)
  if (narrow.text === page) return []
  const { text } = narrow
  const unlabelled = [...socialSecurityNumbers(text), ...phones(text)].filter(({ start, end }) => {
    const { start: from, end: to } = inPage(narrow, { kind: 'id', start, end })
    return !/\d {3,}\d/.test(page.slice(from, to))
  })
  return [
    ...unlabelled,
    ...addresses(unbroken(text)),
    ...labelled(text),
    ...columns(text),
    ...acrossLines(text),
  ].map((span) => inPage(narrow, span))
}

function acrossLines(page: string): Span[] {
  const flow = flowing(page)
  if (flow.breaks.length === 0) return []
  const { text } = flow
  return [
    ...addresses(flow),
    ...socialSecurityNumbers(text).filter((span) => isOneNumber(flow, span)),
    ...phones(text).flatMap((span) => onePhone(flow, span)),
    ...emails(text).filter((span) => isOneEmail(flow, span)),
    ...[...labelled(text), ...columns(text)].filter((span) => isOneValue(flow, span)),
  ].map((span) => inPage(flow, span))
}

const inPage = (flow: Flowing, { kind, start, end }: Span): Span => ({
  kind,
  start: flow.inPage(start),
  end: flow.inPage(end - 1) + 1,
})

/** A break takes the place of one of the signs between the parts; without any other sign there is one break at most. */
function isOneNumber(flow: Flowing, { start, end }: Span): boolean {
  const inside = breaksIn(flow, start, end)
  if (inside.length === 0) return false
  const isSigned = /\d ?[^\d\s]/.test(flow.text.slice(start, end))
  return isSigned || (inside.length === 1 && isComplete(flow, inside, end))
}

function onePhone(flow: Flowing, { kind, start, end }: Span): Span[] {
  // `Goal 1⏎415-555-0123`: no country, but what stood at the end of the line.
  const first = breaksIn(flow, start, end)[0]
  const from = first !== undefined && /^\+? ?1$/.test(flow.text.slice(start, first)) ? first + 1 : start
  const inside = breaksIn(flow, from, end)
  const number = flow.text.slice(from, end)
  const isSpelled = /^[\d. -]*[A-Z]/.test(number)
  const isSentence = digitsIn(number) === 7 && inside.some((at) => flow.text[at - 1] === '.')
  const isFull = inside.some((at) => digitsIn(flow.text.slice(from, at)) >= 10)
  const span: Span = { kind, start: from, end }
  return isSpelled || isSentence || (isFull && !hasExtension.test(number)) || !isOneNumber(flow, span)
    ? []
    : [span]
}

const hasExtension = /(?:ext|extension|anexo|x)\.? ?\d{1,6}$/i

/** A break beside the sign, a host whose next part goes on in small letters, or a word that a hyphen splits. */
function isOneEmail(flow: Flowing, { start, end }: Span): boolean {
  const all = breaksIn(flow, start, end)
  const inside = all.filter((at) => flow.text[at] === ' ')
  return (
    all.length > 0 &&
    inside.length <= 1 &&
    inside.every((at) => {
      const [behind, next] = [flow.text.slice(start, at), flow.text.slice(at).trimStart()]
      if (behind.endsWith('@')) return /^[\p{L}\p{N}-]+\.\p{L}/u.test(next)
      if (next.startsWith('@')) return /^@[\p{L}\p{N}-]+\.\p{L}/u.test(next)
      return /^\.?\p{Ll}/u.test(next)
    })
  )
}

/** The value of a label: the break is in it, or in the label before it. */
function isOneValue(flow: Flowing, span: Span): boolean {
  const { kind, start, end } = span
  const inside = breaksIn(flow, start, end)
  const value = flow.text.slice(start, end)
  if (kind === 'email') return isOneEmail(flow, span)
  // Behind a label anything may be a street: nothing tells whether the next line goes on with it.
  if (kind === 'address' && !/^[\d -]+$/.test(value)) return false
  if (inside.length > 0) return isComplete(flow, inside, end) && goesOn(flow, span, inside[0] as number)
  const lead = before(flow.text, start)
  const isNear = breaksIn(flow, start - lead.length, start).length > 0
  return isNear && kind !== 'address' && digitsIn(value) >= 5 && !countsSomething(after(flow.text, end))
}

/** What could be all of it already goes on only with a number that has the next line to itself. */
function goesOn(flow: Flowing, { kind, start, end }: Span, first: number): boolean {
  const begun = flow.text.slice(start, first)
  if (kind === 'phone') return !/^\(?[2-9]\d{2}\)?[-. ]?\d{4}$/.test(begun)
  const isOfShortGroups = /^(?:\d{1,4}[ -]){1,4}\d{1,6}$/.test(flow.text.slice(start, end))
  const isYear = /^ (?:19|20)\d\d$/.test(flow.text.slice(first, end))
  return (
    kind !== 'id' ||
    digitsIn(begun) < 5 ||
    isOfShortGroups ||
    (!isYear && (endsLine(flow, end) || /^ {0,3}\|/.test(after(flow.text, end))))
  )
}

/** What follows the last break is the rest of a number, neither a date nor an amount of something. */
function isComplete(flow: Flowing, inside: number[], end: number): boolean {
  const last = (inside.at(-1) as number) + 1
  return (
    digitsIn(flow.text.slice(last, end)) >= 3 &&
    !isDateAt(flow.text, last) &&
    !countsSomething(after(flow.text, end))
  )
}
