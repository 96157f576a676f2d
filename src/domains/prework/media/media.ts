import { madeEarlier, present } from '../remains.ts'
import type { AskedOnce, Revision } from '../revisions.ts'
import type { PreworkStore } from '../store.ts'
import type { MediaType } from './types.ts'

/** A file that somebody has uploaded, or may upload yet. Times are ISO 8601. */
export interface Media extends Revision {
  mediaId: string
  /** Whose it is. */
  userId: string
  /** What it is attached to; at most one submission. */
  submissionId?: string
  /** As it was called where it came from, made safe to save under. */
  fileName: string
  /** What was announced, and once it is completed what it is by its content. */
  contentType: MediaType
  uploadStatus: 'uploading' | 'completed' | 'failed'
  /** Why it failed. */
  problem?: MediaProblem
  /** Until when it may be uploaded. */
  uploadUntil: string
  /** Of a completed one. */
  file?: StoredFile
  /** The writing of the object that settled it: told from later ones by it. */
  settledFor?: string
}

/** What is kept of an upload that was good. */
export interface StoredFile {
  /** In the bucket of its type. */
  key: string
  /**
   * Of exactly what was uploaded; the digest is in hex. What is kept are these bytes, or of a picture a clean copy made
   * of these.
   */
  bytes: number
  sha256: string
  /** Of a picture, in pixels, the way up it is looked at. */
  width?: number
  height?: number
  /** Of a picture, in the bucket of thumbnails. */
  thumbnails?: { small: Thumbnail; large: Thumbnail }
}

export interface Thumbnail {
  key: string
  width: number
  height: number
}

/** Why an upload cannot be used: a stable code; `sentences` in problems.ts has the words. */
export type MediaProblem =
  | 'not-an-image'
  | 'unsupported'
  | 'too-many-pixels'
  | 'damaged'
  | 'too-complex'
  | 'too-large'
  | 'wrong-type'
  | 'could-not-process'

/** As it is now. */
export async function findMedia(
  { documents, tables }: PreworkStore,
  mediaId: string,
): Promise<Media | undefined> {
  return present(await documents.get(tables.media, { mediaId })) as Media | undefined
}

/** What the same request opened before, as it is now. @throws Refused asked-differently, or gone */
export async function findOpened(
  { documents, tables }: PreworkStore,
  once: AskedOnce,
): Promise<Media | undefined> {
  return madeEarlier(await documents.get(tables.media, { mediaId: once.id }), once) as Media | undefined
}

/** The fields of media that the audit log tells of. */
export const mediaFields = [
  'userId',
  'submissionId',
  'fileName',
  'contentType',
  'uploadStatus',
  'problem',
  'file',
] as const
