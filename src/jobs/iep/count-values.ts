import type { Language, Verification } from '../../domains/iep/content.ts'
import { afterCommit, type Tx } from '../../shared/database.ts'
import type { Tools } from '../define.ts'

/** What checking a version came to, as counts: in the job's result at once, in the metrics when it is committed. */
export function countValues(
  tx: Tx,
  metrics: Tools['metrics'],
  language: Language,
  { checked, corrections, unverified }: Verification,
): { checked: number; corrections: number; unverified: number } {
  afterCommit(tx, () => {
    metrics.iepValues.inc({ language, outcome: 'verified' }, Math.max(0, checked - unverified.length))
    metrics.iepValues.inc({ language, outcome: 'unverified' }, unverified.length)
  })
  return { checked, corrections, unverified: unverified.length }
}
