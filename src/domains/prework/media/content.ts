import { createReadStream } from 'node:fs'
import { GuardTripped, runGuarded } from '../../../shared/guarded.ts'
import { seconds } from '../../../shared/time.ts'
import type * as bySignature from './content-by-signature.ts'
import type { MediaType } from './types.ts'

/** What is kept as it came; of pictures others are made. */
export type KeptAsItCame = Exclude<MediaType, `image/${string}`>

/**
 * Whether a file is by its content what it was announced as. Of films, sounds and documents the first bytes decide;
 * a text is one from its first byte to its last.
 * @throws the signal's reason, or an error when it is the machine that is at fault: try again
 */
export async function isOfType(
  file: string,
  type: KeptAsItCame,
  { signal, whose }: { signal: AbortSignal; whose: string },
): Promise<boolean> {
  if (type === 'text/plain') return isText(file, signal)
  const found = await typeBySignature(file, signal, whose)
  return found !== undefined && names[type].includes(found)
}

/** The names under which each goes. */
const names: Record<Exclude<KeptAsItCame, 'text/plain'>, string[]> = {
  'video/mp4': ['video/mp4', 'video/x-m4v'],
  'video/webm': ['video/webm'],
  'video/quicktime': ['video/quicktime'],
  'audio/mpeg': ['audio/mpeg'],
  // Many recorders mark a file that has nothing but sound as they mark a film.
  'audio/mp4': ['audio/mp4', 'audio/x-m4a', 'video/mp4'],
  'audio/wav': ['audio/wav', 'audio/vnd.wave'],
  'application/pdf': ['application/pdf'],
}

/** Undefined for what has no mark, or is made so that looking for one does not end well. */
async function typeBySignature(
  file: string,
  signal: AbortSignal,
  whose: string,
): Promise<string | undefined> {
  const guard = { ms: seconds(10), memoryBytes: 400e6, signal, reads: [file], whose }
  try {
    const module = new URL('content-by-signature.ts', import.meta.url)
    return (await runGuarded<typeof bySignature>(module, { file }, guard)) ?? undefined
  } catch (error) {
    if (!(error instanceof GuardTripped)) throw error
    return undefined
  }
}

/** Whether it is UTF-8 throughout, and has no NUL, which no text has and many programs take for its end. */
async function isText(file: string, signal: AbortSignal): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>) {
      if (chunk.includes(0)) return false
      decoder.decode(chunk, { stream: true })
    }
    decoder.decode()
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return false
    throw error
  }
}
