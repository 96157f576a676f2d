import {
  ConnectionError,
  RequestTimeoutError,
  ResponseValidationError,
} from '@mistralai/mistralai/models/errors'
import { MistralError } from '@mistralai/mistralai/models/errors/mistralerror.js'
import { GiveUp, Throttled, Trouble } from '../errors.ts'
import { seconds } from '../time.ts'
import type { Limits } from './limits.ts'

type Refusal =
  | { outcome: 'throttled'; error: Throttled; limits: Limits }
  | { outcome: 'failed'; error: GiveUp | Trouble; limits: Limits }

/** How long to wait when the provider named no time. */
const WITHOUT_A_WORD = seconds(2)

/** What the body of a 429 says when the service itself is full; a key that asks too often gets 1300. */
const OVER_CAPACITY = /"code":\s*"?3505"?/

/**
 * Says in our own words why a call failed, and whether trying again can help. No error here has the client's as its
 * cause: that one holds the request and the provider's answer, and both may hold the document.
 */
export function explain(error: unknown, limits: Limits): Refusal {
  if (error instanceof MistralError && error.statusCode === 429 && limits.requestsPerMinute !== 0)
    return {
      outcome: 'throttled',
      error: new Throttled('mistral', limits.retryAfterMs ?? WITHOUT_A_WORD),
      limits: OVER_CAPACITY.test(error.body) ? { ...limits, overCapacity: true } : limits,
    }
  return { outcome: 'failed', error: failure(error), limits }
}

/** What time or a person may mend. */
export const troubles = {
  timeout: () => new Trouble('model-timeout', 'The model did not answer in time.'),
  unreachable: () =>
    new Trouble('model-unreachable', 'The connection to the model could not be made, or broke.'),
  broken: () =>
    new Trouble('model-answer-broken', 'What came back from the model was not an answer of its API.'),
  key: () => new Trouble('model-refuses-key', 'The model refuses the key it was called with.'),
  unfetched: () =>
    new Trouble('document-not-fetched', 'The model could not fetch the document from its address.'),
  service: (status: number) => new Trouble('model-unavailable', `The model answered with status ${status}.`),
}

function failure(error: unknown): GiveUp | Trouble {
  if (error instanceof RequestTimeoutError) return troubles.timeout()
  if (error instanceof ConnectionError) return troubles.unreachable()
  // A success in a shape the client does not know.
  if (error instanceof ResponseValidationError && error.statusCode < 400) return troubles.broken()
  if (error instanceof MistralError) return refusal(error)
  // The client passes on what fails while the answer is read: `TypeError: terminated`, or JSON that stops short.
  return error instanceof SyntaxError ? troubles.broken() : troubles.unreachable()
}

function refusal({ statusCode: status, body }: MistralError): GiveUp | Trouble {
  if (status === 429)
    return new GiveUp('model-not-available', 'The plan of this key does not include the model.')
  if (status === 401 || status === 403) return troubles.key()
  if (status === 400) return badRequest(body)
  if (passing.has(status) || status >= 500) return troubles.service(status)
  return new GiveUp('model-refused', `The model refused what it was asked, with status ${status}.`)
}

/** Request timeout, conflict, too early: the refusals among 4xx that pass. */
const passing = new Set([408, 409, 425])

/** Codes as public reports show them: 3310 for a file that cannot be had or read, 3730 for too many pages. */
function badRequest(body: string): GiveUp | Trouble {
  if (/"code":\s*"?3730"?|document_parser_too_many_pages/.test(body))
    return new GiveUp('too-many-pages', 'The document has more pages than the model reads.')
  if (/"code":\s*"?3310"?|invalid_request_file/.test(body))
    // The one code stands for two things: our address did not answer, or what it gave is no document.
    return /fetch|download|retriev/i.test(body)
      ? troubles.unfetched()
      : new GiveUp('unreadable-document', 'The model cannot read the document.')
  return new GiveUp('model-refused', 'The model refused what it was asked, with status 400.')
}
