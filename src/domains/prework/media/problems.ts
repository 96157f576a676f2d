import type { MediaProblem } from './media.ts'

/** What is said to the person who uploaded it. */
export const sentences: Record<MediaProblem, string> = {
  'not-an-image': 'This file is not a picture. Please upload a JPEG, PNG or WebP.',
  unsupported:
    'Pictures of this type, such as HEIC, cannot be read here. Please save it as a JPEG and upload that.',
  'too-many-pixels': 'This picture has too many pixels. Please upload a smaller one.',
  damaged: 'This file is damaged or not complete. Please upload it once more.',
  'too-complex': 'This picture is too complex to open. Please save it as a JPEG and upload that.',
  'too-large': 'This file is larger than 50 MB. Please upload a smaller one.',
  'wrong-type': 'This file is not what it was announced as. Please upload it as what it is.',
  'could-not-process': 'This file could not be processed, for a reason of ours. Please upload it once more.',
}
