/** Something could not be done, told to a person in one line. The cause is what AWS, or the way to it, said. */
export class Refused extends Error {
  override name = 'Refused'
}

export const refused = (what: string, cause: unknown): Refused =>
  cause instanceof Refused ? cause : new Refused(`${what}: ${reasonOf(cause)}`, { cause })

/** The SDK's words where they say enough, ours where they don't. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { name, message, code, $metadata } = cause as Error & Partial<SdkError>
  if (name === 'CredentialsProviderError')
    return 'there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE'
  if (code === 'ENOTFOUND') return `${message}; is AWS_REGION the name of a region?`
  if (code !== undefined && cause instanceof AggregateError) return code
  const status = $metadata?.httpStatusCode
  if (status === 301) return 'it is in another region than AWS_REGION says'
  // The answer to HEAD has no words.
  if (status === 403 && /^(403|Forbidden|UnknownError|Unknown)$/.test(name))
    return 'S3 forbids it: the credentials lack s3:ListBucket, or the name belongs to another account (names of buckets are everybody’s)'
  return oneLine(`${name}: ${message}`)
}

interface SdkError {
  /** Of the connection: ECONNREFUSED, … */
  code: string
  $metadata: { httpStatusCode?: number }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
