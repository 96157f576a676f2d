/** What is hidden, and how a sentence calls one of it. */
export const hiddenKinds = {
  ssn: 'a social security number',
  phone: 'a phone number',
  email: 'an e-mail address',
  address: 'a street address',
  id: "a student's id",
} as const
export type HiddenKind = keyof typeof hiddenKinds

/** A piece of a page that is to be hidden: from `start` up to, not including, `end`. */
export interface Span {
  kind: HiddenKind
  start: number
  end: number
}

/** Puts a mark in the place of each span. Where spans overlap, they are one, called by what the longest of them is. */
export function paint(page: string, spans: Span[]): { text: string; hidden: Record<HiddenKind, number> } {
  const hidden = { ssn: 0, phone: 0, email: 0, address: 0, id: 0 }
  let text = ''
  let at = 0
  for (const span of joined(spans)) {
    text += `${page.slice(at, span.start)}[${span.kind.toUpperCase()}]`
    hidden[span.kind] += 1
    at = span.end
  }
  return { text: text + page.slice(at), hidden }
}

function joined(spans: Span[]): Span[] {
  const apart: (Span & { longest: number })[] = []
  for (const span of spans.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)) {
    const length = span.end - span.start
    const last = apart.at(-1)
    if (!last || span.start >= last.end) {
      apart.push({ ...span, longest: length })
      continue
    }
    last.end = Math.max(last.end, span.end)
    if (length > last.longest) {
      last.longest = length
      last.kind = span.kind
    }
  }
  return apart
}
