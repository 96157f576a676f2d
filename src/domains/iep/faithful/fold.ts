/** A word as names compare: without case, accents, apostrophes and the `'s` at its end. */
export function folded(word: string): string {
  return word
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd')
    .replace(/'s$/, '')
    .replaceAll("'", '')
}

/** The words of a name with hyphens, each folded. */
export function foldedParts(word: string): string[] {
  return word
    .split('-')
    .map(folded)
    .filter((part) => part !== '')
}
