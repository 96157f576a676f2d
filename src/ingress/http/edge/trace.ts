import { randomUUID } from 'node:crypto'

/** The id of a request: 32 hex digits, so that it may be a trace id as well. */
export const newRequestId = (): string => randomUUID().replaceAll('-', '')

/**
 * The trace id of a W3C `traceparent` header; undefined when there is none or it is not valid, when a trace of our
 * own must begin.
 */
export function traceOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, version, trace, rest] = valid.exec(traceparent) ?? []
  // Version 00 has exactly four parts; later ones may have more.
  return version === '00' && rest !== '' ? undefined : trace
}

const valid = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(|-.*)$/
