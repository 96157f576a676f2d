/** Runs in the guarded process: what a file from a stranger is by its first bytes; null for what has no such mark. */
import { fileTypeFromFile } from 'file-type'

export async function guarded({ file }: { file: string }): Promise<string | null> {
  const found = await fileTypeFromFile(file)
  return found?.mime ?? null
}
