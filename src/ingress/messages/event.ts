/** Something that happened elsewhere and that this system may react to. */
export type Event = UserConfirmed | ObjectCreated | ObjectRemoved

/** A person confirmed their sign-up in a Cognito user pool. */
export interface UserConfirmed {
  kind: 'cognito.user-confirmed'
  /** The id of the user pool. */
  pool: string
  sub: string
  userName: string
  email: string
  preferredUsername?: string
  emailVerified?: boolean
}

/** An object arrived in a bucket, or was replaced there. */
export interface ObjectCreated extends StoredObject {
  kind: 's3.object-created'
  /** Bytes. */
  size: number
  etag: string
}

/** An object was deleted, or hidden by a delete marker. */
export interface ObjectRemoved extends StoredObject {
  kind: 's3.object-removed'
}

interface StoredObject {
  bucket: string
  /** The key as it was given to S3, in no encoding. */
  key: string
  versionId?: string
  /** Orders the events of one key: the shorter one is filled up with zeros at its end, then they compare as text. */
  sequencer?: string
}

/**
 * What a message says. `nothing`: it was understood and nothing follows from it. `unreadable`: it is no message known
 * here, or one that lacks what it must have. The sentences name fields, never what is in them.
 */
export type Read = { events: Event[] } | { nothing: string } | { unreadable: string }

/** Where in a message something is: the names of the fields that lead there. */
export type Path = readonly PropertyKey[]

export const unreadable = (at: Path, why: string): { unreadable: string } => ({
  unreadable: `${at.length === 0 ? 'the body' : at.map(String).join('.')} ${why}`,
})
