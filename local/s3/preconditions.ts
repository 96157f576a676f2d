import type { StoredObject } from './bucket.ts'
import { S3Error } from './errors.ts'

/**
 * `If-Match` and `If-None-Match` of a write, against the object that is there now. Asked before the bytes arrive, to
 * refuse early, and once more in the same step as the write, so that of two writers one is refused.
 * @throws PreconditionFailed, NoSuchKey
 */
export function checkMayWrite(headers: Record<string, string>, current: StoredObject | undefined): void {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', undefined, { Header: 'If-None-Match' })
  }
  if (ifNoneMatch === '*' && current)
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-None-Match' })
  if (ifMatch === undefined) return
  if (!current) throw new S3Error('NoSuchKey')
  if (!matches(ifMatch, current))
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' })
}

/**
 * The four conditions of a read, in the order of RFC 9110, 13.2.2.
 * @param prefix of the header names: a copy states conditions of its source as `x-amz-copy-source-if-…`
 * @throws PreconditionFailed, NotModified
 */
export function checkMayRead(headers: Record<string, string>, object: StoredObject, prefix = ''): void {
  const condition = (name: string): string | undefined => headers[`${prefix}${name}`]
  const failed = (name: string): S3Error => new S3Error('PreconditionFailed', undefined, { Condition: name })
  const modified = toSeconds(Date.parse(object.lastModified))

  const ifMatch = condition('if-match')
  const ifUnmodifiedSince = condition('if-unmodified-since')
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object)) throw failed('If-Match')
  } else if (ifUnmodifiedSince !== undefined && modified > toSeconds(Date.parse(ifUnmodifiedSince))) {
    throw failed('If-Unmodified-Since')
  }

  const ifNoneMatch = condition('if-none-match')
  const ifModifiedSince = condition('if-modified-since')
  const unchanged =
    ifNoneMatch !== undefined
      ? matches(ifNoneMatch, object)
      : ifModifiedSince !== undefined && modified <= toSeconds(Date.parse(ifModifiedSince))
  if (unchanged)
    throw prefix
      ? failed('If-None-Match')
      : new S3Error('NotModified', undefined, { ETag: `"${object.etag}"` })
}

function matches(condition: string, { etag }: StoredObject): boolean {
  return condition
    .split(',')
    .some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '').replaceAll('"', '')))
}

/** HTTP dates know no milliseconds. */
function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
