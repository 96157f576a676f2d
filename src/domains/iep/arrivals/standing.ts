/** A file among those of one child. */
export interface Candidate {
  /** It cannot be used. */
  refused: boolean
  /** When its upload was opened; grows with time. */
  at: number
}

/**
 * Which files of a child count: as its document the newest that can be used, or the newest of all when none can; beside
 * it the newest, if that was refused, so that the parent learns of it. Of two of the same age the first counts as newer.
 */
export function standing<File extends Candidate>(
  files: [File, ...File[]],
): { active: File; beside: File | undefined } {
  const [newest, ...older] = files.toSorted((a, b) => b.at - a.at) as [File, ...File[]]
  const active = [newest, ...older].find(({ refused }) => !refused) ?? newest
  return { active, beside: newest === active ? undefined : newest }
}
