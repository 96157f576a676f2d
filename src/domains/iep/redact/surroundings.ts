/** What a hyphen may look like. */
export const dash = '-\\u2010-\\u2015\\u2212\\ufe63'

/** The end of what stands before a place, on the same line. */
export function before(page: string, at: number, most = 40): string {
  const lead = page.slice(Math.max(0, at - most), at)
  return lead.slice(lead.lastIndexOf('\n') + 1)
}

/** The beginning of what stands at a place, on the same line. */
export function after(page: string, at: number, most = 40): string {
  const line = page.slice(at, at + most)
  const end = line.indexOf('\n')
  return end < 0 ? line : line.slice(0, end)
}

/** A goal, a form, a paragraph of a law: what is numbered here is no phone and no social security number. */
export function namesSomethingNumbered(text: string): boolean {
  return /(?:\b(?:goal|objective|benchmark|standard|meta|objetivo|form|formulario|item|test|lesson|section|secci[óo]n|rev|version|code|cfr|ccr|cmr|title|rule|policy)s?(?:[ *_]{1,3}(?:id|no|number|num|code|n[úu]mero))?|§|u\.s\.c)[ *_#:.|]{0,6}$/i.test(
    text,
  )
}

/** A date, as it begins at a place, and nothing longer that begins like one. */
export function isDateAt(page: string, at: number): boolean {
  return /^(?:\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?(?:\d{4}|\d{2})|\d{4}-\d{1,2}-\d{1,2})(?!\d|-[\dA-Za-z])/.test(
    page.slice(at, at + 20),
  )
}

/** What stands behind a number tells that it is an amount, or a piece of something longer. */
export const countsSomething = (rest: string): boolean => counts.test(rest)

const counts =
  /^(?:[/%]|[.,:]\d| {0,2}(?:%|x |min|minutos|hours?\b|hrs?\b|horas?\b|times?\b|veces|days?\b|d[íi]as?\b|weeks?\b|semanas?\b|months?\b|meses|words?\b|palabras?\b|points?\b|puntos?\b|steps?\b|trials?\b|sessions?\b|sesiones|students?\b|pages?\b|percent|goals?\b|school year|hz\b|db\b|l\b))/i

/** Right before a number, what it measures: such numbers come in rows and ranges that look like phone numbers. */
export const namesMeasure = (lead: string): boolean =>
  /(?<!\p{L})(?:(?:minute|minuto|min|score|puntaje)s?|rit)[ *_:=#(]{0,6}$/iu.test(lead)

export const digitsIn = (text: string): number => text.replace(/[^0-9]/g, '').length
