/** What the API answers, as far as it is shown. Times are ISO 8601, in UTC. */

export interface User {
  userId: string
  email: string
  role: string
  profileId: string | null
}

export interface MadeUser {
  user: User
  profile: { profileId: string }
}

export interface Upload {
  media: Media
  upload: { url: string; fields: Record<string, string> }
}

export interface Media {
  mediaId: string
  fileName: string
  uploadStatus: 'uploading' | 'completed' | 'failed'
  problem: { code: string; message: string } | null
  bytes: number | null
  sha256: string | null
  width: number | null
  height: number | null
  submissionId: string | null
}

export const sizes = ['small', 'large'] as const
export type Size = (typeof sizes)[number]

export type Thumbnails = Record<Size, Thumbnail>

export interface Thumbnail {
  url: string
  width: number
  height: number
}

export interface Download {
  url: string
  fileName: string
  contentType: string
}

export interface Submission {
  submissionId: string
  title: string
  status: string
  version: number
  mediaFiles: string[]
}

/** One change in the audit log. */
export interface Entry {
  logId: string
  at: string
  /** Who did it: a user, or `server`. */
  userId: string
  entityType: string
  entityId: string
  action: string
  before: Record<string, unknown>
  after: Record<string, unknown>
  ip: string
  userAgent: string
  requestId: string
}

/** A refusal says which one it is. */
export interface Refusal {
  error: { code: string; message: string }
}
