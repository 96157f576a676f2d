import { isUtf8 } from 'node:buffer'
import type { App } from './app.ts'
import { HttpProblem } from './problems.ts'

/**
 * Accepts JSON in UTF-8 and nothing else. Refuses what no store could keep (NUL, lone surrogates) and keys that reach
 * for prototypes; an empty body is no body, whatever its type says.
 */
export function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined)
    const problem = faultOf(request.headers['content-type'], body)
    if (problem) return done(problem, undefined)
    return parse(request, body.toString('utf8'), done)
  })
}

function faultOf(contentType: string | undefined, body: Buffer): HttpProblem | undefined {
  const charset = contentType && /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]
  if (charset && !/^utf-?8$/i.test(charset)) return new HttpProblem(415, 'unsupported-media-type', 'The body must be JSON, in UTF-8.')
  if (!isUtf8(body)) return new HttpProblem(400, 'invalid-json', 'The body is not valid UTF-8.')
  // Only an escape can bring in what is not text; most bodies have none of these and are not looked at again.
  if (body.includes('\\u') && hasUnstorable(body.toString('utf8')))
    return new HttpProblem(400, 'invalid-json', 'The body contains characters that are not text.')
  return undefined
}

/** NUL or half a surrogate pair, written as an escape. */
function hasUnstorable(json: string): boolean {
  if (nul.test(json)) return true
  if (!surrogate.test(json)) return false
  try {
    return !isWellFormed(JSON.parse(json))
  } catch (error) {
    // The parser that comes next says what is wrong.
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const nul = /(?<!\\)(?:\\\\)*\\u0000/
const surrogate = /\\ud[89a-f]/i

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && isWellFormed(inner))
}
