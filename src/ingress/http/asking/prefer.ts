/** The longest anybody may wait in one request, in seconds. */
export const WAIT_AT_MOST = 30

/**
 * The seconds a `Prefer` header (RFC 7240) asks to wait, at most 30; undefined when it doesn't, or not
 * understandably: a preference nobody can meet is ignored. Of several the first counts.
 */
export function preferredWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  for (const preference of splitList([header].flat().join(','))) {
    const [, name = '', value = ''] =
      /^\s*([^\s=;]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;]*))?\s*(?:;.*)?$/.exec(preference) ?? []
    if (name.toLowerCase() !== 'wait') continue
    const seconds = /^"?(\d{1,9})"?$/.exec(value)?.[1]
    return seconds === undefined ? undefined : Math.min(Number(seconds), WAIT_AT_MOST)
  }
  return undefined
}

/** Splits at commas that are not inside quotes. */
function splitList(header: string): string[] {
  return header.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? []
}
