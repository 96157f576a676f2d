import { randomUUID } from 'node:crypto'
import type { Tx } from '../../shared/database.ts'
import type { Examined, ExaminedFile } from './arrivals/examination.ts'
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
  type KnownDocument,
  type TakenUpload,
} from './arrivals/rows.ts'
import { standing } from './arrivals/standing.ts'
import type { DocumentRef } from './document.ts'
import { takeBackFailures } from './documents.ts'
import type { Place } from './objects.ts'
import { holdConsent, holdDocument } from './steps.ts'

/**
 * What came of an arrival. `arrived`: it is the child's document now. `refused`: it cannot be used. `repeated`: the
 * child's document has the same bytes. `outdated`: a newer one was there before it. `gone`: nobody waits for it any
 * more. `absent`: there is no object.
 */
export type Outcome = 'arrived' | 'refused' | 'repeated' | 'outdated' | 'gone' | 'absent'

export interface Settled {
  outcome: Outcome
  /** Uploads and documents with objects nobody is meant to see any longer; with an etag only the upload that has it. */
  remove: { iepId: string; etag?: string }[]
  /** The document that is to be worked on. */
  proceed?: DocumentRef
}

/**
 * Gives what arrived its place among the documents of its child. The newest upload wins, in whatever order the news
 * come: the newest file that can be used is the child's document, and one that was refused after it is kept beside it,
 * so that the parent can be told. Arrivals for one child happen one after the other.
 */
export async function settleArrival(tx: Tx, place: Place, examined: Examined): Promise<Settled> {
  const { iepId } = place
  const consent = await holdConsent(tx, place.userId)
  const child = consent !== undefined && (await holdChild(tx, place))
  if (!child || examined.found === 'no place') return { outcome: 'gone', remove: [{ iepId }] }
  if (examined.found === 'file') return settleFile(tx, place, examined, consent)
  const closed = await closeIfOverdue(tx, place)
  return { outcome: 'absent', remove: closed ? [{ iepId }] : [] }
}

async function settleFile(tx: Tx, place: Place, file: ExaminedFile, consent: boolean): Promise<Settled> {
  const { iepId, userId, childId } = place
  const known = await documentsOfChild(tx, childId)
  const before = known.find((document) => document.iepId === iepId)
  const upload = (await takeUpload(tx, place)) ?? (before && usedAgain(place, before, known))
  if (!upload) return { outcome: 'gone', remove: [{ iepId }] }
  const refused = 'refused' in file.verdict
  if (refused && before?.refused && before.sha256.equals(file.sha256))
    return { outcome: 'repeated', remove: [{ iepId, etag: file.etag }] }

  const same = known.find(
    (document) => document.active && !document.refused && document.sha256.equals(file.sha256),
  )
  // A bad file does not take the place of a good one, not at its own address either: it is told beside it.
  const beside = !same && refused && before?.refused === false
  const arrived = same
    ? { ...same, at: Math.max(same.at, upload.at) }
    : { iepId: beside ? randomUUID() : iepId, refused, at: upload.at }
  if (same) await touchDocument(tx, arrived)
  const { active, kept, dropped } = await rank(tx, childId, arrived, known)
  const remove = [...new Set([...dropped, iepId])].map((id) =>
    kept.has(id) ? { iepId: id, etag: file.etag } : { iepId: id },
  )
  if (same) return { outcome: 'repeated', remove, ...(await tryAgain(tx, userId, same)) }
  if (!kept.has(arrived.iepId)) return { outcome: 'outdated', remove }

  const row = {
    ...file,
    place: { ...place, iepId: arrived.iepId },
    active: active === arrived.iepId,
    waits: !refused && !consent,
  }
  const revision = before && !beside ? await replaceBytes(tx, row) : await insertDocument(tx, upload, row)
  if (refused) return { outcome: 'refused', remove }
  return { outcome: 'arrived', remove, proceed: { iepId, userId, revision } }
}

/**
 * The address of a document that was used once more: what came to it is newer than all that was known. Its key is for a
 * refused file, and tells where that came to.
 */
function usedAgain(
  { userId, childId, iepId }: Place,
  { fileName }: KnownDocument,
  known: KnownDocument[],
): TakenUpload {
  const at = Math.max(...known.map((document) => document.at))
  return { key: `${userId}/${childId}/${iepId}/${randomUUID()}/${fileName}`, fileName, at }
}

/** Finds out which files of the child count now, and lets the others go. */
async function rank(
  tx: Tx,
  childId: string,
  arrived: { iepId: string; refused: boolean; at: number },
  known: KnownDocument[],
): Promise<{ active: string; kept: Set<string>; dropped: string[] }> {
  const others = known.filter((document) => document.iepId !== arrived.iepId)
  const { active, beside } = standing([arrived, ...others])
  const kept = new Set([active.iepId, ...(beside ? [beside.iepId] : [])])
  const dropped = known.map((document) => document.iepId).filter((id) => !kept.has(id))
  await removeDocuments(tx, dropped)
  await activate(tx, childId, active.iepId)
  return { active: active.iepId, kept, dropped }
}

/** Uploading the same once more is meant to bring about what had failed. */
async function tryAgain(
  tx: Tx,
  userId: string,
  { iepId, revision, failed }: KnownDocument,
): Promise<{ proceed?: DocumentRef }> {
  if (!failed) return {}
  const document = { iepId, userId, revision }
  await holdDocument(tx, document)
  await takeBackFailures(tx, document)
  return { proceed: document }
}
