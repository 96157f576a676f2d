import { S3Error } from './errors.ts'
import type { Call } from './request.ts'
import { readCredential, type Credential } from './signing.ts'

/** What a caller says of itself, in the Authorization header or in the query of a presigned URL. */
export interface Claim {
  presigned: boolean
  credential: Credential
  signedHeaders: string[]
  signature: string
  /** `20261120T145356Z` */
  date: string
  /** Seconds a presigned URL is valid from its date. */
  expires: number
  payload: string
}

/** @throws AccessDenied for a call that claims nothing; the various errors of a claim that is not well-formed */
export function readClaim(call: Call): Claim {
  const { authorization } = call.headers
  const presigned = call.query.has('X-Amz-Signature') || call.query.has('X-Amz-Credential')
  if (authorization && presigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed', { ArgumentName: 'Authorization' })
  }

  if (presigned) return readPresignedClaim(call.query)
  if (authorization) return readHeaderClaim(authorization, call.headers)
  throw new S3Error('AccessDenied')
}

function readPresignedClaim(query: URLSearchParams): Claim {
  const required = (name: string): string => {
    const value = query.get(name)
    if (value === null)
      throw malformedQuery(`${claimParameters.join(', ')} are required; ${name} is missing.`)
    return value
  }
  const [algorithm, credential, signature, date, signedHeaders, expires] = claimParameters.map(required) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  if (algorithm !== 'AWS4-HMAC-SHA256')
    throw malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  if (!/^\d+$/.test(expires)) throw malformedQuery('X-Amz-Expires should be a number')
  if (Number(expires) > weekInSeconds)
    throw malformedQuery('X-Amz-Expires must be less than a week (in seconds)')

  return {
    presigned: true,
    credential: readCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    date,
    expires: Number(expires),
    payload: knownPayload(query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD'),
  }
}

export const claimParameters = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
]

const weekInSeconds = 7 * 24 * 3600

export function malformedQuery(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', message)
}

function readHeaderClaim(authorization: string, headers: Record<string, string>): Claim {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)$/.exec(
    authorization,
  )
  const [, credential, signedHeaders, signature] = parts ?? []
  if (!credential || !signedHeaders || !signature) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header that you provided is not valid.',
    )
  }

  const payload = headers['x-amz-content-sha256']
  if (payload === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  return {
    presigned: false,
    credential: readCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    date: headers['x-amz-date'] ?? '',
    expires: 0,
    payload: knownPayload(payload),
  }
}

function knownPayload(payload: string): string {
  if (/^[0-9a-f]{64}$/.test(payload)) return payload
  if (payload === 'UNSIGNED-PAYLOAD' || payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return payload
  if (payload.startsWith('STREAMING-')) {
    throw new S3Error(
      'NotImplemented',
      `Signed chunks (${payload}) are not verified here, so they are refused.`,
    )
  }
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, or a valid sha256 value.',
  )
}
