import { createHmac, timingSafeEqual } from 'node:crypto'
import { S3Error } from './errors.ts'

/** Whose signatures count, and for which region. */
export interface Trust {
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
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

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
