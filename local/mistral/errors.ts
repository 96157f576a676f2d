/**
 * The refusals of the Mistral API, in the two shapes its clients see: `{ object: 'error', type, code, … }` from the
 * models, `{ detail }` from the framework in front of them. Codes and wordings are those that public bug reports show.
 */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly body: unknown
  readonly headers: Record<string, string>

  constructor(status: number, body: unknown, headers: Record<string, string> = {}) {
    super(`the stand-in answers ${status}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const unauthorized = (): ApiError => new ApiError(401, { detail: 'Unauthorized' })

export const notFound = (detail = 'Not Found'): ApiError => new ApiError(404, { detail })

export const methodNotAllowed = (): ApiError => new ApiError(405, { detail: 'Method Not Allowed' })

export const tooLarge = (): ApiError => new ApiError(413, { detail: 'Request body too large' })

/** A field is not there. Like the real API it sends back what it was given, content and all. */
export const missing = (field: string, input: unknown): ApiError =>
  unprocessable('missing', field, 'Field required', input)

/** A field is there and can't be used. */
export const invalid = (field: string, message: string, input: unknown): ApiError =>
  unprocessable('value_error', field, message, input)

/** The body is no JSON at all. */
export const notJson = (): ApiError => unprocessable('json_invalid', '0', 'JSON decode error', {})

/** 400 with code 3310: what was sent or fetched is no document that can be read. Never worth a second try. */
export const badFile = (message: string): ApiError => refusal(400, 'invalid_request_file', '3310', message)

export const tooManyPages = (pages: number, most: number): ApiError =>
  refusal(
    400,
    'document_parser_too_many_pages',
    '3730',
    `This document has ${pages} pages, which is more than the maximum allowed of ${most}.`,
  )

export const invalidModel = (model: unknown): ApiError =>
  refusal(400, 'invalid_model', '1500', `Invalid model: ${typeof model === 'string' ? model : ''}`)

/** What the stand-in does not do. It says so, so that nobody looks for the fault in their own request. */
export const notOffered = (what: string): ApiError =>
  refusal(400, 'invalid_request_error', null, `[local stand-in] ${what}`)

/** 429. `retryAfter` is in seconds; without it the header is left out, as it sometimes is. */
export const rateLimited = (retryAfter: number | undefined, headers: Record<string, string> = {}): ApiError =>
  refusal(429, 'rate_limited', '1300', 'Rate limit exceeded', {
    ...headers,
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })

/** 429 as well: too many calls at once, whoever makes them. */
export const overCapacity = (retryAfter: number | undefined): ApiError =>
  refusal(
    429,
    'service_tier_capacity_exceeded',
    '3505',
    'Service tier capacity exceeded for this model.',
    retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  )

/** A failure of the service itself. 502 and 504 come from a gateway and are HTML, as gateways do it. */
export function serverFailure(status: number): ApiError {
  if (status === 502 || status === 504) {
    const page = `<html><head><title>${status}</title></head><body>gateway error</body></html>`
    return new ApiError(status, page, { 'content-type': 'text/html' })
  }
  if (status === 404) return notFound('File not found')
  return refusal(status, 'unreachable_backend', '1100', 'Service unavailable.')
}

function unprocessable(type: string, field: string, msg: string, input: unknown): ApiError {
  return new ApiError(422, { detail: [{ type, loc: ['body', field], msg, input }] })
}

function refusal(
  status: number,
  type: string,
  code: string | null,
  message: string,
  headers: Record<string, string> = {},
): ApiError {
  return new ApiError(
    status,
    { object: 'error', message, type, param: null, code, raw_status_code: status },
    headers,
  )
}
