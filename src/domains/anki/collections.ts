/** The directories the sync server keeps its users' collections in. */
export interface Collections {
  /** Makes the user's directory if it is missing. Touches nothing inside it. */
  ensure(uuid: string): Promise<void>
  /** Whether the user's directory exists. */
  exists(uuid: string): Promise<boolean>
  /** Removes the user's directory if there is nothing in it; a directory with anything in it stays. */
  discardIfEmpty(uuid: string): Promise<void>
}
