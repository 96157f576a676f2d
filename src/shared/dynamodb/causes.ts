import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'

/** Why something may go well when it is tried again. */
export type Cause = 'throttled' | 'conflict' | 'away'

/** Undefined for what will not get better by being asked once more. */
export function causeOf(error: unknown): Cause | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof TransactionCanceledException) return causeOfCancelling(error)
  const { name, code, status, skewCorrected } = factsOf(error)
  if (throttles.has(name) || status === 429) return 'throttled'
  if (conflicts.has(name)) return 'conflict'
  // The clock was wrong, and the client now knows by how much.
  if (skewCorrected) return 'away'
  if (timeouts.has(name) || broken.has(code)) return 'away'
  return status !== undefined && status >= 500 ? 'away' : undefined
}

/** The writes, counted from 0, whose conditions cancelled a transaction; undefined for any other error. */
export function failedConditions(error: unknown): number[] | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined
  const failed = reasonsOf(error).flatMap((reason, n) => (reason === 'ConditionalCheckFailed' ? [n] : []))
  return failed.length > 0 ? failed : undefined
}

/** A condition that was not met is an answer; it is not asked again whatever else was in the way. */
function causeOfCancelling(error: TransactionCanceledException): Cause | undefined {
  const reasons = reasonsOf(error).filter((reason) => reason !== 'None')
  if (reasons.length === 0) return undefined
  if (reasons.every((reason) => reason === 'TransactionConflict')) return 'conflict'
  return reasons.every((reason) => passing.has(reason)) ? 'throttled' : undefined
}

const reasonsOf = ({ CancellationReasons: reasons = [] }: TransactionCanceledException): string[] =>
  reasons.map(({ Code = 'None' }) => Code)

const passing = new Set(['TransactionConflict', 'ProvisionedThroughputExceeded', 'ThrottlingError'])

const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
])

const conflicts = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ReplicatedWriteConflictException',
])

const timeouts = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException'])

/** What Node says about connections that were not made, or broke. */
const broken = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

interface Facts {
  name: string
  code: string
  status: number | undefined
  skewCorrected: boolean
}

function factsOf(error: Error): Facts {
  const { code, $metadata } = error as Error & {
    code?: unknown
    $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean }
  }
  return {
    name: error.name,
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode,
    skewCorrected: $metadata?.clockSkewCorrected === true,
  }
}
