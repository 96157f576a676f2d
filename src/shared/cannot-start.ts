import { isOutage } from './database.ts'

/** Why a process cannot begin, for whoever runs it: one line without a stack, and no secret in it. */
export class CannotStart extends Error {
  override name = 'CannotStart'
  readonly facts: Record<string, unknown>

  constructor(message: string, facts: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options)
    this.facts = facts
  }
}

/** What keeps a server from listening, when that is the place it was given; any other error as it is. */
export function cannotListen(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = codeOf(error)
  const why = listening[code]
  return why ? new CannotStart(`cannot listen: ${why}`, { host, port, code }, { cause: error }) : error
}

const listening: Record<string, string> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'this user may not have the port',
  EADDRNOTAVAIL: 'the host is none of this machine',
  ENOTFOUND: 'nobody knows the host',
  EAI_AGAIN: 'nobody knows the host',
}

/**
 * What keeps a process from working with a database that answers; any other error as it is.
 * @param variable where the database's address is from
 */
export function cannotUse(error: unknown, variable: string): unknown {
  if (/^(42P01|3F000)$/.test(codeOf(error)))
    return new CannotStart(
      `the database of ${variable} lacks our tables: run migrate first (node src/shared/migrate.ts)`,
      { code: codeOf(error) },
      { cause: error },
    )
  return refused(error, variable)
}

/** What keeps a migration from being done, which does not wait for a database that is away; any other error as it is. */
export function cannotMigrate(error: unknown, variable: string): unknown {
  const code = codeOf(error)
  const isAway =
    isOutage(error) ||
    /^E[A-Z_]+$/.test(code) ||
    (error instanceof Error && error.message.startsWith('timeout expired'))
  if (!isAway) return refused(error, variable)
  const why = code === '' ? '' : ` (${code})`
  return new CannotStart(
    `the Postgres of ${variable} does not answer, or takes no writes${why}`,
    { code },
    { cause: error },
  )
}

/** What Postgres says here names tables and schemas at the most. */
function refused(error: unknown, variable: string): unknown {
  const code = codeOf(error)
  const why = code.startsWith('28')
    ? `the Postgres of ${variable} refuses the user or the password`
    : code === '3D000'
      ? `there is no such database as ${variable} names`
      : code === '42501'
        ? `the user of ${variable} lacks the rights it needs: ${(error as Error).message}`
        : undefined
  return why === undefined ? error : new CannotStart(why, { code }, { cause: error })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''
