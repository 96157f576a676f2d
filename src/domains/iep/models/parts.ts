import type { Database } from '../../../shared/database.ts'
import type { Log } from '../../../shared/log.ts'
import type { Mistral } from '../../../shared/mistral.ts'
import type { Turns } from '../turns.ts'

/** What asking the models takes. */
export interface ModelParts {
  database: Database
  mistral: Mistral
  turns: Turns
  config: { ocrModel: string; chatModel: string }
  log: Log
}

/** Whom the turns and the pauses are about. */
export const PROVIDER = 'mistral'
