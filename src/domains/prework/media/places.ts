/** Whose upload it is; all keys are made of these ids alone. */
export interface Place {
  userId: string
  mediaId: string
}

/** Where the file of somebody arrives. What is good is moved away from here, and what stays is removed after two days. */
export const uploadOf = ({ userId, mediaId }: Place): string => `${UPLOADS}${userId}/${mediaId}`

/** The prefix of all uploads. */
export const UPLOADS = 'uploads/'

/** Everything that is kept of an upload is below this, in any bucket. */
export const folderOf = ({ userId, mediaId }: Place): string => `media/${userId}/${mediaId}/`

/** Where the file is kept. Its digest is in the key: other bytes never take its place. */
export const fileOf = (place: Place, sha256: string): string => `${folderOf(place)}${digest(sha256)}`

export const thumbnailOf = (place: Place, sha256: string, size: 'small' | 'large'): string =>
  `${folderOf(place)}${digest(sha256)}-${size}.webp`

/** The upload that a key is of; undefined for one that was not made here. */
export function placeOfUpload(key: string): Place | undefined {
  const [, userId, mediaId] = made.exec(key) ?? []
  return userId !== undefined && mediaId !== undefined ? { userId, mediaId } : undefined
}

const digest = (sha256: string): string => sha256.slice(0, 32)

const uuid = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'
const made = new RegExp(`^${UPLOADS}${uuid}/${uuid}$`)
