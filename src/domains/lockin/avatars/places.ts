/** Where a picture of somebody is in the bucket. */
export interface Place {
  profileId: string
  avatarId: string
}

/** What somebody uploads. Never made of anything but ids. */
export const originalOf = (place: Place): string => `${folderOf(place)}original`

/** What is shown: written once, and never changed. */
export const pictureOf = (place: Place): string => `${folderOf(place)}picture.webp`

/** Everything that is somebody's is below this. */
export const folderOfPerson = (profileId: string): string => `avatars/${profileId}/`

const folderOf = ({ profileId, avatarId }: Place): string => `${folderOfPerson(profileId)}${avatarId}/`

/** The place that the key of an object names; undefined for a key that was not made here. */
export function placeIn(key: string): Place | undefined {
  const [, profileId, avatarId] = made.exec(key) ?? []
  return profileId !== undefined && avatarId !== undefined ? { profileId, avatarId } : undefined
}

/** As `placeIn`, for keys of originals alone. */
export function placeOfOriginal(key: string): Place | undefined {
  const place = placeIn(key)
  return place && originalOf(place) === key ? place : undefined
}

const uuid = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'
const made = new RegExp(`^avatars/${uuid}/${uuid}/(?:original|picture\\.webp)$`)
