import { z } from 'zod'
import { S3Error } from './errors.ts'
import { readCredential, sameSignature, secretFor, signatureOf, type Trust } from './signing.ts'

/** What a signed policy grants. */
export interface Grant {
  accessKeyId: string
  /** Bytes of the file, both ends included. */
  size: { least: number; most: number } | undefined
}

/**
 * Verifies the signature of a POST policy and that the form keeps every condition of it
 * (Amazon S3 API Reference, "Creating a POST policy").
 * @param fields by their names in lower case, in an object without a prototype
 * @param now milliseconds since 1970
 * @throws AccessDenied, SignatureDoesNotMatch, InvalidAccessKeyId, InvalidPolicyDocument
 */
export function checkPolicy(
  fields: Record<string, string>,
  bucket: string,
  trust: Trust,
  now: number = Date.now(),
): Grant {
  const accessKeyId = verifySigner(fields, trust)
  const { expiration, conditions } = readPolicy(fields['policy'] ?? '')
  if (expiration.getTime() <= now) throw denied('Policy expired.')

  const covered = new Set<string>()
  let size: Grant['size']
  for (const condition of conditions) {
    if (condition.kind === 'size') {
      size = condition
    } else {
      covered.add(condition.field)
      const value = condition.field === 'bucket' ? bucket : (fields[condition.field] ?? '')
      const met = condition.kind === 'equals' ? value === condition.value : value.startsWith(condition.value)
      if (!met) throw denied(`Policy Condition failed: ${condition.text}`)
    }
  }

  const extra = Object.keys(fields).find((name) => !covered.has(name) && !needsNoCondition.test(name))
  if (extra !== undefined) throw denied(`Extra input fields: ${extra}`)
  return { accessKeyId, size }
}

const needsNoCondition = /^(policy|x-amz-signature|file|x-ignore-.*)$/

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`)
}

function verifySigner(fields: Record<string, string>, trust: Trust): string {
  const { policy, 'x-amz-signature': signature, 'x-amz-credential': scope } = fields
  if (!policy || !signature || !scope) throw new S3Error('AccessDenied')
  if (fields['x-amz-algorithm'] !== 'AWS4-HMAC-SHA256') {
    throw new S3Error('InvalidArgument', 'Only AWS4-HMAC-SHA256 is supported.', {
      ArgumentName: 'x-amz-algorithm',
    })
  }

  const credential = readCredential(scope)
  const secret = secretFor(credential, trust)
  const isOurs = credential.region === trust.region && credential.service === 's3'
  if (isOurs && sameSignature(signature, signatureOf(policy, secret, credential)))
    return credential.accessKeyId
  throw new S3Error('SignatureDoesNotMatch', undefined, { AWSAccessKeyId: credential.accessKeyId })
}

type Condition =
  | { kind: 'equals' | 'startsWith'; field: string; value: string; text: string }
  | { kind: 'size'; least: number; most: number }

function readPolicy(encoded: string): { expiration: Date; conditions: Condition[] } {
  try {
    const policy = policySchema.parse(JSON.parse(Buffer.from(encoded, 'base64').toString()))
    return { expiration: new Date(policy.expiration), conditions: policy.conditions.flat() }
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'Invalid JSON.' : 'Invalid expiration or conditions.'
    throw Object.assign(new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}`), { cause })
  }
}

const byteCount = z.coerce.number().int().nonnegative()

/** `["content-length-range", 1, 10]` */
const sizeCondition = z
  .tuple([z.literal('content-length-range'), byteCount, byteCount])
  .transform(([, least, most]): Condition[] => [{ kind: 'size', least, most }])

/** `["starts-with", "$key", "post/"]` */
const comparison = z
  .tuple([
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['eq', 'starts-with'])),
    z.string().startsWith('$'),
    z.string(),
  ])
  .transform(([operator, field, value]): Condition[] => [
    {
      kind: operator === 'eq' ? 'equals' : 'startsWith',
      field: field.slice(1).toLowerCase(),
      value,
      text: JSON.stringify([operator, field, value]),
    },
  ])

/** `{ "bucket": "name" }` */
const equalities = z.record(z.string(), z.string()).transform((record) =>
  Object.entries(record).map(([field, value]): Condition => ({
    kind: 'equals',
    field: field.toLowerCase(),
    value,
    text: JSON.stringify(['eq', `$${field}`, value]),
  })),
)

const policySchema = z.object({
  expiration: z.iso.datetime({ offset: true }),
  conditions: z.array(z.union([sizeCondition, comparison, equalities])),
})
