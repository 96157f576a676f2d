import type { MediaType } from './types.ts'

/**
 * The name under which an upload is kept and saved: the last part of a path, composed (NFC), with letters and digits of
 * any script, blanks, dots, hyphens and underscores only, at most 100 characters, ending as its type demands. Marks that
 * nobody sees, such as those that turn the direction of writing, are not in it. A name that is safe stays as it is.
 */
export function safeFileName(given: string, type: MediaType): string {
  const base = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const [, stem = base, ending = ''] = withEnding.exec(base) ?? []
  const extension = extensionOf(type, ending.toLowerCase())
  const plain = trimmed(
    stem
      .replaceAll(/[^\p{L}\p{M}\p{N} ._-]+/gu, '_')
      .replaceAll(/\.{2,}/g, '.')
      .replaceAll(/ {2,}/g, ' '),
  )
  // Cut between characters, not inside one that takes two places.
  const most = LONGEST - extension.length - 1
  const short = trimmed(Array.from(plain).slice(0, most).join(''))
  return `${short === '' ? 'file' : short}.${extension}`
}

/** Characters, the ending included. */
const LONGEST = 100

/** What files of a type may end in; the first is given to one that ends in something else. */
const extensions: Record<MediaType, readonly [string, ...string[]]> = {
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'video/mp4': ['mp4', 'm4v'],
  'video/webm': ['webm'],
  'video/quicktime': ['mov'],
  'audio/mpeg': ['mp3'],
  'audio/mp4': ['m4a', 'mp4'],
  'audio/wav': ['wav'],
  'application/pdf': ['pdf'],
  'text/plain': ['txt'],
}

/** The ending of any of our types makes room for the right one; others are part of the name. */
const withEnding = new RegExp(`^(.*)\\.(${Object.values(extensions).flat().join('|')})[\\s.]*$`, 'isu')

function extensionOf(type: MediaType, given: string): string {
  const [usual, ...others] = extensions[type]
  return others.includes(given) ? given : usual
}

/** Without dots and blanks at either end, which file systems hide or drop; and no mark without its letter. */
const trimmed = (stem: string): string => stem.replace(/^[\p{M} .]+/u, '').replace(/[ .]+$/, '')
