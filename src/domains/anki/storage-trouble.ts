import { Trouble } from '../../shared/errors.ts'

/**
 * The sync server's disk or files would not do what was asked. Worth trying again, since a person may put it right.
 * `code` is stable; the message names no path and no user.
 */
export class StorageTrouble extends Trouble {
  override name = 'StorageTrouble'

  // oxlint-disable-next-line no-useless-constructor -- narrows the codes
  constructor(code: StorageTroubleCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

export type StorageTroubleCode =
  | 'collection-in-the-way'
  | 'collections-not-permitted'
  | 'collections-full'
  | 'collections-unavailable'
  | 'auth-db-busy'
  | 'auth-db-unusable'

/** The code the operating system gave an error, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
