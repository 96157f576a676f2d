import type { Attributes } from '../../shared/dynamodb.ts'

/** The fields of `after` that are not as they were, with both values; null stands for what is not there. */
export function differences(before: Attributes, after: Attributes): { before: Attributes; after: Attributes } {
  const changed = Object.keys(after).filter((name) => (before[name] ?? null) !== (after[name] ?? null))
  const of = (whole: Attributes) => Object.fromEntries(changed.map((name) => [name, whole[name] ?? null]))
  return { before: of(before), after: of(after) }
}
