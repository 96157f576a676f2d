const LONGEST = 100
const ENDING = '.pdf'

/**
 * The name under which an uploaded PDF is kept and shown: the last part of a path, composed (NFC), with letters and
 * digits of any script, blanks, dots, hyphens and underscores only, at most 100 characters, ending in `.pdf`.
 */
export function safeFileName(given: string): string {
  const base = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const stem = base
    .replace(/\.pdf\s*$/i, '')
    .replaceAll(/[^\p{L}\p{M}\p{N} ._-]+/gu, '_')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/ {2,}/g, ' ')
  // Cut between characters, not inside one that takes two places.
  const short = trimmed(
    Array.from(trimmed(stem))
      .slice(0, LONGEST - ENDING.length)
      .join(''),
  )
  return `${short === '' ? 'document' : short}${ENDING}`
}

/** Without dots and blanks at either end, which file systems hide or drop; and no mark without its letter. */
const trimmed = (stem: string): string => stem.replace(/^[\p{M} .]+/u, '').replace(/[ .]+$/, '')
