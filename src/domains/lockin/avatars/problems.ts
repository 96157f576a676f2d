import type { ImageProblem } from '../../../shared/images/reencode.ts'

/** Why a picture was refused: a stable code. */
export type Problem = ImageProblem | 'too-large' | 'could-not-prepare'

/** What is said to the person who uploaded it. */
export const sentences: Record<Problem, string> = {
  'not-an-image': 'This file is not a picture. Please upload a JPEG, PNG, WebP or GIF.',
  unsupported:
    'Pictures of this type, such as HEIC, cannot be read here. Please save it as a JPEG and upload that.',
  'too-many-pixels': 'This picture has too many pixels. Please upload a smaller one.',
  'too-large': 'This picture is larger than 5 MB. Please upload a smaller one.',
  damaged: 'This picture is damaged or not complete. Please upload another one.',
  'too-complex': 'This picture is too complex to open. Please save it as a JPEG and upload that.',
  'could-not-prepare':
    'This picture could not be prepared, for a reason of ours. Please upload it once more.',
}
