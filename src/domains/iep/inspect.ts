import { GuardTripped, runGuarded } from '../../shared/guarded.ts'
import { seconds } from '../../shared/time.ts'
import type * as lookInside from './inspect/look-inside.ts'
import { refusalOf, type Refusal } from './inspect/refusals.ts'

export { refusalOf, type Refusal } from './inspect/refusals.ts'

/**
 * Looks whether an uploaded file is a PDF that can be read to its end: by its content, never its name. It is opened in a
 * process of its own, so that one made to do harm harms nobody.
 * @throws the signal's reason, or an error when it is the machine that is at fault: try again
 */
export async function inspectDocument(
  file: string,
  { userId, signal }: { userId: string; signal: AbortSignal },
): Promise<{ pages: number } | { refused: Refusal }> {
  try {
    const seen = await runGuarded<typeof lookInside>(
      new URL('inspect/look-inside.ts', import.meta.url),
      { file, mostPages },
      { ms: seconds(20), memoryBytes: 700e6, signal, reads: [file], whose: userId },
    )
    return 'pages' in seen ? seen : { refused: refusalOf(seen.fault) }
  } catch (error) {
    if (!(error instanceof GuardTripped)) throw error
    return { refused: refusalOf('too-complex') }
  }
}

/** What the paid reader takes in one document. */
const mostPages = 1000
