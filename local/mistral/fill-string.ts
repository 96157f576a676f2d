import { notOffered } from './errors.ts'
import type { Fields } from './protocol.ts'
import type { Quotes } from './quotes.ts'

/**
 * A string that fits its schema: a labelled sentence, cut to the length allowed. Where a format or a pattern leaves no
 * room for a sentence it is the first piece of the text that fits, else a value that is plainly nobody's.
 */
export function fillString(schema: Fields, quotes: Quotes, hint: string): string {
  const pattern = typeof schema.pattern === 'string' ? schema.pattern : undefined
  const sample = samples.get(String(schema.format))
  if (pattern === undefined && sample === undefined) return fit(quotes.next(hint), schema)

  const shape = pattern === undefined ? undefined : compile(pattern)
  const fits = (value: string | undefined): value is string =>
    value !== undefined && (shape?.test(value) ?? true)
  const own = pattern === undefined ? undefined : compile(unanchored(pattern)).exec(quotes.text)?.[0]
  const found = [own, sample, fit(quotes.next(hint), schema)].find(fits)
  if (found === undefined) throw notOffered(`no string can be found for the pattern ${pattern}`)
  return found
}

/** Values that nobody has: the first day of an era, a reserved domain, an empty number. */
const samples = new Map([
  ['date', '1970-01-01'],
  ['date-time', '1970-01-01T00:00:00Z'],
  ['time', '00:00:00'],
  ['duration', 'P1D'],
  ['email', 'stand-in@example.org'],
  ['uri', 'https://example.org/local-stand-in'],
  ['uuid', '00000000-0000-4000-8000-000000000000'],
  ['ipv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
])

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, pattern.includes(String.raw`\p{`) ? 'u' : '')
  } catch (error) {
    if (error instanceof SyntaxError) throw notOffered(`the pattern ${pattern} is no regular expression`)
    throw error
  }
}

const unanchored = (pattern: string): string => pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')

function fit(quote: string, { minLength, maxLength }: Fields): string {
  const least = typeof minLength === 'number' ? minLength : 0
  const most = typeof maxLength === 'number' ? maxLength : Infinity
  return quote.padEnd(least, '.').slice(0, most)
}
