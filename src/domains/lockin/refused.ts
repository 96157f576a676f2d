import pg from 'pg'

/**
 * What the functions of the schema `lockin` refuse, and say so with `lockin.refuse`: the HTTP status it becomes, a stable
 * code, and a sentence for people.
 */
export interface Refused {
  status: number
  code: string
  message: string
}

/** Undefined for any other error. */
export function refusedIn(error: unknown): Refused | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined
  const status = /^LK(\d{3})$/.exec(error.code ?? '')?.[1]
  return status === undefined
    ? undefined
    : { status: Number(status), code: error.constraint ?? 'refused', message: error.message }
}
