import { fileTypeFromFile } from 'file-type'

/** The types that are read. */
export type ImageType = 'jpeg' | 'png' | 'webp' | 'gif'

/** What a file is by its content: a type that is read, or why it is not. */
export async function kindOf(file: string): Promise<ImageType | 'unsupported' | 'not-an-image'> {
  const type = await fileTypeFromFile(file)
  const known = type && types[type.mime]
  if (known) return known
  // Drawings such as SVG are text: nothing tells what they are by their first bytes, and nothing is to.
  return type?.mime.startsWith('image/') ? 'unsupported' : 'not-an-image'
}

const types: Record<string, ImageType> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  // Of a PNG that moves, programs that know nothing of it show the first frame, and so do we.
  'image/apng': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
}
