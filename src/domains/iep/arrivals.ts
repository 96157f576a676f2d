import type { Tx } from '../../shared/database.ts'
import {
  activate,
  closeIfOverdue,
  documentsOfChild,
  holdChild,
  insertDocument,
  removeDocuments,
  replaceBytes,
  takeUpload,
  touchDocument,
} from './arrivals/rows.ts'
import { standing } from './arrivals/standing.ts'
import type { DocumentRef } from './document.ts'
import type { Examined, ExaminedFile } from './examination.ts'
import type { Place } from './objects.ts'
import { forgetFailure, holdConsent } from './steps.ts'

/**
 * What came of an arrival. `arrived`: it is the child's document now. `refused`: it cannot be used. `repeated`: the
 * child's document has the same bytes. `outdated`: a newer one was there before it. `gone`: nobody waits for it any
 * more. `absent`: there is no object.
 */
export type Outcome = 'arrived' | 'refused' | 'repeated' | 'outdated' | 'gone' | 'absent'

export interface Settled {
  outcome: Outcome
  /** Uploads and documents whose objects nobody is meant to see any longer. */
  remove: string[]
  /** The document that is to be worked on. */
  proceed?: DocumentRef
}

/**
 * Gives what arrived its place among the documents of its child. The newest upload wins, in whatever order the news
 * come: the newest file that can be used is the child's document, and one that was refused after it is kept beside it,
 * so that the parent can be told. Arrivals for one child happen one after the other.
 */
export async function settleArrival(tx: Tx, place: Place, examined: Examined): Promise<Settled> {
  const consent = await holdConsent(tx, place.userId)
  const child = consent !== undefined && (await holdChild(tx, place))
  if (!child || examined.found === 'no place') return { outcome: 'gone', remove: [place.iepId] }
  if (examined.found === 'file') return settleFile(tx, place, examined, consent)
  await closeIfOverdue(tx, place)
  return { outcome: 'absent', remove: [] }
}

async function settleFile(tx: Tx, place: Place, file: ExaminedFile, consent: boolean): Promise<Settled> {
  const { iepId, userId, childId } = place
  const known = await documentsOfChild(tx, childId)
  const upload = await takeUpload(tx, place)
  const before = known.find((document) => document.iepId === iepId)
  const at = upload?.at ?? before?.at
  if (at === undefined) return { outcome: 'gone', remove: [iepId] }
  const refused = 'refused' in file.verdict
  if (before?.sha256.equals(file.sha256))
    return { outcome: 'repeated', remove: before.refused ? [iepId] : [] }
  // What was read from a good file is not given up for a bad one.
  if (before?.read && refused) return { outcome: 'refused', remove: [] }

  const others = known.filter((document) => document !== before)
  const same = others.find(
    (document) => document.active && !document.refused && document.sha256.equals(file.sha256),
  )
  if (same) await touchDocument(tx, { ...same, at })
  const arrived = same ? { ...same, at: Math.max(same.at, at) } : { iepId, refused, at }
  const { active, beside } = standing([arrived, ...others.filter((document) => document !== same)])
  const kept = new Set([active.iepId, beside?.iepId])
  const dropped = known.map((document) => document.iepId).filter((id) => !kept.has(id))
  await removeDocuments(tx, dropped)
  await activate(tx, childId, active.iepId)
  if (same) {
    const document = { iepId: same.iepId, userId, revision: same.revision }
    // Uploading once more is meant to bring about what had failed.
    if (same.failed) await forgetFailure(tx, document)
    const remove = [...dropped, iepId]
    return { outcome: 'repeated', remove, ...(same.failed ? { proceed: document } : {}) }
  }
  if (!kept.has(iepId)) return { outcome: 'outdated', remove: [...dropped, iepId] }

  const row = { ...file, place, active: active === arrived, waits: !refused && !consent }
  const revision = upload ? await insertDocument(tx, upload, row) : await replaceBytes(tx, row)
  if (refused) return { outcome: 'refused', remove: [...dropped, iepId] }
  return { outcome: 'arrived', remove: dropped, proceed: { iepId, userId, revision } }
}
