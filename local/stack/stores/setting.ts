import type { Place } from '../place.ts'
import type { Say } from '../progress.ts'
import type { Secrets } from '../secrets.ts'

/** What every store is opened with. */
export interface Setting {
  place: Place
  /** The environment of whoever starts the stack. What it names is used instead of a local store. */
  given: NodeJS.ProcessEnv
  secrets: Secrets
  /** Fixed ports; any free one for those that are not named. */
  ports: Ports
  /** Closes what was opened, the last first. */
  closing: AsyncDisposableStack
  say: Say
}

export type Ports = Partial<Record<'s3' | 'sqs' | 'dynamodb' | 'cognito' | 'google' | 'mistral', number>>

/** A store that answers. */
export interface Opened<Facts> {
  /** Which one it is and where, in a few words. */
  note: string
  facts: Facts
  /** What the processes need to reach it. */
  env: Record<string, string>
}
