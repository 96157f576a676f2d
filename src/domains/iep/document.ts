/** Which bytes of which document a step is about, and whose they are. */
export interface DocumentRef {
  iepId: string
  /** Cognito's id of the parent. */
  userId: string
  /** What is written about an older revision is of no use and is refused. */
  revision: number
}

/** The document went away, or other bytes took its place, while a step worked on it: nothing is left to do. */
export class DocumentGone extends Error {
  override name = 'DocumentGone'
}
