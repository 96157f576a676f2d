import { createHash } from 'node:crypto'
import { claimParameters, malformedQuery, readClaim, type Claim } from './claim.ts'
import { S3Error } from './errors.ts'
import { headerValue, percentDecoded, percentEncoded, type Call, type S3Request } from './request.ts'
import { sameSignature, secretFor, signatureOf, type Trust } from './signing.ts'

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

function checkScope(claim: Claim, trust: Trust): void {
  const fault = scopeFault(claim, trust)
  if (!fault) return
  if (claim.presigned) throw malformedQuery(`Error parsing the X-Amz-Credential parameter; ${fault}`)
  throw new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${fault}`, {
    Region: trust.region,
  })
}

function scopeFault({ credential, date }: Claim, trust: Trust): string | undefined {
  const { day, region, service, terminator } = credential
  if (region !== trust.region) return `the region '${region}' is wrong; expecting '${trust.region}'`
  if (service !== 's3') return `incorrect service "${service}". This endpoint belongs to "s3".`
  if (terminator !== 'aws4_request')
    return `incorrect terminal "${terminator}". This endpoint uses "aws4_request".`
  if (!date.startsWith(day))
    return `invalid credential date "${day}". This date is not the same as X-Amz-Date.`
  return undefined
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
    if (!header.startsWith('x-amz-') || claimParameters.includes(name)) continue
    if (header === 'x-amz-content-sha256' || /^x-amz-(checksum|sdk)-/.test(header)) continue
    headers[header] = headerValue(header, value)
  }
  return headers
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
