import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { S3Error } from './errors.ts'
import { headerValue, percentDecoded, percentEncoded, type Call, type S3Request } from './request.ts'

/** Whose signatures count, and for which region. */
export interface Trust {
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

/**
 * Verifies Signature Version 4, sent in the Authorization header or in the query of a presigned URL
 * (Amazon S3 API Reference, "Authenticating requests").
 * @param now milliseconds since 1970
 */
export function authenticate(call: Call, trust: Trust, now: number = Date.now()): S3Request {
  const claim = readClaim(call)
  const secret = secretFor(claim.credential, trust)
  checkScope(claim, trust)
  checkTime(claim, now)
  checkHeadersAreSigned(call, claim)
  checkSignature(call, claim, secret)

  return {
    ...call,
    headers: claim.presigned ? { ...call.headers, ...headersInQuery(call.query) } : call.headers,
    accessKeyId: claim.credential.accessKeyId,
    payload: claim.payload,
  }
}

/** `<access key>/<day>/<region>/<service>/aws4_request` */
export interface Credential {
  accessKeyId: string
  day: string
  region: string
  service: string
  terminator: string
}

export function readCredential(text: string): Credential {
  const parts = text.split('/')
  const [terminator = '', service = '', region = '', day = ''] = parts.reverse()
  return { accessKeyId: parts.slice(4).reverse().join('/'), day, region, service, terminator }
}

/** @throws InvalidAccessKeyId */
export function secretFor({ accessKeyId }: Credential, { credentials }: Trust): string {
  if (accessKeyId === credentials.accessKeyId) return credentials.secretAccessKey
  throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: accessKeyId })
}

/** The signature of one text: the key is derived from the secret, for this day, region and service only. */
export function signatureOf(text: string, secret: string, { day, region, service }: Credential): string {
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`)
  return hmac(key, text).toString('hex')
}

export function sameSignature(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

interface Claim {
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

function readClaim(call: Call): Claim {
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
    if (value === null) throw malformedQuery(`${allQueryParameters.join(', ')} are required; ${name} is missing.`)
    return value
  }
  const [algorithm, credential, signature, date, signedHeaders, expires] = allQueryParameters.map(required) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  if (algorithm !== 'AWS4-HMAC-SHA256') throw malformedQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  if (!/^\d+$/.test(expires)) throw malformedQuery('X-Amz-Expires should be a number')
  if (Number(expires) > weekInSeconds) throw malformedQuery('X-Amz-Expires must be less than a week (in seconds)')

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

const allQueryParameters = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
]

const weekInSeconds = 7 * 24 * 3600

function malformedQuery(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', message)
}

function readHeaderClaim(authorization: string, headers: Record<string, string>): Claim {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)$/.exec(
    authorization,
  )
  const [, credential, signedHeaders, signature] = parts ?? []
  if (!credential || !signedHeaders || !signature) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.')
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
    throw new S3Error('NotImplemented', `Signed chunks (${payload}) are not verified here, so they are refused.`)
  }
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, or a valid sha256 value.',
  )
}

function checkScope({ credential, date, presigned }: Claim, trust: Trust): void {
  const wrong =
    credential.region !== trust.region
      ? `the region '${credential.region}' is wrong; expecting '${trust.region}'`
      : credential.service !== 's3'
        ? `incorrect service "${credential.service}". This endpoint belongs to "s3".`
        : credential.terminator !== 'aws4_request'
          ? `incorrect terminal "${credential.terminator}". This endpoint uses "aws4_request".`
          : !date.startsWith(credential.day)
            ? `invalid credential date "${credential.day}". This date is not the same as X-Amz-Date.`
            : undefined
  if (!wrong) return

  if (presigned) throw malformedQuery(`Error parsing the X-Amz-Credential parameter; ${wrong}`)
  throw new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${wrong}`, {
    Region: trust.region,
  })
}

function checkTime({ date, expires, presigned }: Claim, now: number): void {
  const signedAt = readDate(date)
  if (signedAt === undefined) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  }

  const early = signedAt - now > allowedSkew
  if (presigned) {
    const expiresAt = signedAt + expires * 1000
    if (early) throw new S3Error('AccessDenied', 'Request is not yet valid')
    if (now > expiresAt) {
      throw new S3Error('AccessDenied', 'Request has expired', {
        'X-Amz-Expires': expires,
        Expires: new Date(expiresAt).toISOString(),
        ServerTime: new Date(now).toISOString(),
      })
    }
  } else if (early || now - signedAt > allowedSkew) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      RequestTime: date,
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: allowedSkew,
    })
  }
}

/** Milliseconds. */
const allowedSkew = 15 * 60 * 1000

function readDate(date: string): number | undefined {
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const time = iso === date ? Number.NaN : Date.parse(iso)
  return Number.isNaN(time) ? undefined : time
}

/** A header that changes what S3 does must be signed, or anybody between could add one. */
function checkHeadersAreSigned({ headers }: Call, { signedHeaders, presigned }: Claim): void {
  const unsigned = Object.keys(headers).filter((name) => {
    if (signedHeaders.includes(name)) return false
    if (presigned && name === 'x-amz-content-sha256') return false // the query's word counts
    return name === 'host' || name.startsWith('x-amz-')
  })
  if (unsigned.length === 0) return
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  })
}

function checkSignature(call: Call, claim: Claim, secret: string): void {
  const { credential, signature, date } = claim
  const canonicalRequest = canonicalRequestOf(call, claim)
  const scope = [credential.day, credential.region, credential.service, credential.terminator].join('/')
  const stringToSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest)].join('\n')
  if (sameSignature(signature, signatureOf(stringToSign, secret, credential))) return

  throw new S3Error('SignatureDoesNotMatch', undefined, {
    AWSAccessKeyId: credential.accessKeyId,
    StringToSign: stringToSign,
    SignatureProvided: signature,
    CanonicalRequest: canonicalRequest,
  })
}

function canonicalRequestOf(call: Call, { signedHeaders, payload }: Claim): string {
  return [
    call.method,
    call.rawPath.split('/').map(percentDecoded).map(percentEncoded).join('/'),
    canonicalQuery(call.query),
    ...signedHeaders.map((name) => `${name}:${(call.headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payload,
  ].join('\n')
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [percentEncoded(name), percentEncoded(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&')
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/**
 * Presigning moves `x-amz-…` headers into the query, where they count as if they had been sent. Checksums are the
 * exception: whoever presigns has not seen the body, and the SDK by default puts the CRC32 of an empty one there.
 */
function headersInQuery(query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of query) {
    const header = name.toLowerCase()
    if (!header.startsWith('x-amz-') || allQueryParameters.includes(name)) continue
    if (header === 'x-amz-content-sha256' || /^x-amz-(checksum|sdk)-/.test(header)) continue
    headers[header] = headerValue(header, value)
  }
  return headers
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
