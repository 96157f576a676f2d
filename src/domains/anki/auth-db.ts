/** The sync server's own list of users, for those that keep one. */
export interface AuthDb {
  /** Adds the user if it is missing; an existing entry stays as it is. */
  ensure(uuid: string): Promise<void>
  /** Removes the user if the entry is still the placeholder. */
  discardIfPlaceholder(uuid: string): Promise<void>
}
