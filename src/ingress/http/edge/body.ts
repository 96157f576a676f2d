import { isUtf8 } from 'node:buffer'
import type { App } from '../app.ts'
import { HttpProblem } from '../answers/problems.ts'

/**
 * Accepts JSON in UTF-8 and nothing else. Refuses what no store could keep (NUL, lone surrogates) and keys that reach
 * for prototypes; an empty body is no body, whatever its type says.
 */
export function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined)
    if (isEncoded(request.headers['content-encoding'])) return done(encoded(), undefined)
    if (!isUtf8(body) || claimsAnotherCharset(request.headers['content-type']))
      return done(notUtf8(), undefined)
    const text = body.toString('utf8')
    return parse(request, text, (error, value) => {
      // Only an escape can bring in what is not text; most bodies have none and are not looked through.
      if (!error && text.includes('\\u') && !isText(value)) return done(notText(), undefined)
      return done(error, value)
    })
  })
}

function claimsAnotherCharset(contentType: string | undefined): boolean {
  const charset = contentType && /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]
  return charset !== undefined && charset !== '' && !/^(utf-?8|us-ascii)$/i.test(charset)
}

/** Goes through everything without recursion: a body may be nested deeper than a stack. */
function isText(value: unknown): boolean {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string' && (next.includes('\0') || !next.isWellFormed())) return false
    if (typeof next === 'object' && next !== null)
      for (const [key, inner] of Object.entries(next)) open.push(key, inner)
  }
  return true
}

const isEncoded = (coding: string | undefined): boolean =>
  coding !== undefined && coding.toLowerCase() !== 'identity'

const encoded = () =>
  new HttpProblem(415, 'unsupported-media-type', 'The body must not be compressed.', {
    headers: { 'accept-encoding': 'identity' },
  })
const notUtf8 = () => new HttpProblem(415, 'unsupported-media-type', 'The body must be JSON, in UTF-8.')
const notText = () => new HttpProblem(400, 'invalid-json', 'The body contains characters that are not text.')
