import path from 'node:path'
import {
  reencodeImage,
  type ImageProblem,
  type Original,
  type Size,
} from '../../../shared/images/reencode.ts'
import { seconds } from '../../../shared/time.ts'

/** The files that are made of a picture. */
export interface Pictures {
  original: Original
  /** As large as the original and of its type, with nothing written beside the pixels. */
  clean: string
  small: Size & { file: string }
  large: Size & { file: string }
}

/**
 * Makes, in this directory, what is kept of somebody's picture.
 * @throws the signal's reason, or an error when it is the machine that is at fault: try again
 */
export async function makePictures(
  file: string,
  directory: string,
  { signal, whose }: { signal: AbortSignal; whose?: string },
): Promise<Pictures | { problem: ImageProblem }> {
  const [clean, small, large] = ['clean', 'small.webp', 'large.webp'].map((name) =>
    path.join(directory, name),
  ) as [string, string, string]
  const made = await reencodeImage(
    file,
    [
      { file: clean, format: 'same', quality: 90 },
      { file: large, format: 'webp', quality: 82, fit: 'inside', width: 1200, height: 1200 },
      { file: small, format: 'webp', quality: 82, fit: 'cover', width: 300, height: 300 },
    ],
    { signal, types: ['jpeg', 'png', 'webp'], ...limits, ...(whose === undefined ? {} : { whose }) },
  )
  if ('problem' in made) return made
  const [, largeSize, smallSize] = made.sizes as [Size, Size, Size]
  return {
    original: made.original,
    clean,
    small: { file: small, ...smallSize },
    large: { file: large, ...largeSize },
  }
}

/**
 * Of that many pixels the worst JPEG needs about 600 MB, the worst PNG of 8 bits 520 MB and the worst WebP 530 MB, in 4 to
 * 8 seconds of a processor, and more on a busy one. What needs more are a WebP through which the ground shines and a PNG
 * of 16 bits, both as large as that and turned: they are too complex.
 */
/** On a machine with nothing else to do the worst of them takes eight seconds; a busy one is to refuse no good picture. */
const limits = { mostPixels: 52e6, ms: seconds(120), memoryBytes: 900e6 }
