import { GuardTripped, runGuarded } from '../guarded.ts'
import { seconds } from '../time.ts'
import type * as encode from './encode.ts'
import type { ImageType } from './kind.ts'

/** A picture to be made of another. */
export type Output = Rendering & {
  /** Where to write it; what is there is overwritten. */
  file: string
}

export type Rendering = (Fitted | AsLargeAsItIs) & Format

/** `cover` fills exactly this, and what is too much at the sides is cut off; `inside` fits into it and never grows. */
export interface Fitted extends Size {
  fit: 'cover' | 'inside'
}
interface AsLargeAsItIs {
  fit?: never
}

/** `same`: that of the original. A PNG loses nothing; the others are told their quality, from 1 to 100. */
type Format = { format: 'png'; quality?: never } | { format: 'jpeg' | 'webp' | 'same'; quality: number }

/** In pixels; a WebP has at most 16,383 each way. */
export interface Size {
  width: number
  height: number
}

/** What the file was: its type by its content, and its size the way up it is looked at. */
export interface Original extends Size {
  type: ImageType
}

export interface Made {
  original: Original
  /** What the outputs measure, in the order they were asked for. */
  sizes: Size[]
}

/**
 * Why a file cannot be used. `not-an-image`: no picture at all, or none made of pixels. `unsupported`: a picture of a
 * type that is not read here. `too-many-pixels`: it would unfold into more than is wanted. `damaged`: it breaks off, or
 * is not what it says it is. `too-complex`: it took more time or memory than any picture should.
 */
export type ImageProblem = 'not-an-image' | 'unsupported' | 'too-many-pixels' | 'damaged' | 'too-complex'

export interface Limits {
  signal: AbortSignal
  /** The types that are wanted: others count as unsupported. */
  types?: readonly ImageType[]
  /** Width times height: enough for the 50 megapixels that phones take. */
  mostPixels?: number
  /** How long all outputs together may take, in milliseconds. */
  ms?: number
  /** What the process that looks inside may take: the worst picture of that many pixels needs about 550 MB for one small output. */
  memoryBytes?: number
  /** Whose picture it is: when many wait, people take turns. */
  whose?: string
}

/**
 * Makes pictures of a picture: turned the way up it was taken, in the colours of sRGB, and with nothing that was written
 * beside the pixels, such as where it was taken. Of one that moves the first frame is used. JPEG, PNG, WebP and GIF are
 * read, and nothing else: it is the content that counts, never the name. It is opened in a process of its own, so that
 * one made to do harm harms nobody. The outputs are of use only when no problem is told.
 * @throws the signal's reason, or an error when it is the machine that is at fault: try again
 */
export async function reencodeImage(
  file: string,
  outputs: Output[],
  { signal, types = allTypes, mostPixels = 52e6, ms = seconds(20), memoryBytes = 700e6, whose }: Limits,
): Promise<Made | { problem: ImageProblem }> {
  const writes = outputs.map((output) => output.file)
  const guard = { ms, memoryBytes, signal, reads: [file], writes, addons: true }
  try {
    return await runGuarded<typeof encode>(
      new URL('encode.ts', import.meta.url),
      { file, outputs, mostPixels, types },
      whose === undefined ? guard : { ...guard, whose },
    )
  } catch (error) {
    if (!(error instanceof GuardTripped)) throw error
    return { problem: 'too-complex' }
  }
}

const allTypes: readonly ImageType[] = ['jpeg', 'png', 'webp', 'gif']
