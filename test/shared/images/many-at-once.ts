/** Runs in a guarded process: encodes one after the other, and then tells which other files could still be opened there. */
import sharp from 'sharp'
import { guarded as encode } from '../../../src/shared/images/encode.ts'

type Task = Parameters<typeof encode>[0]

export async function guarded({ tasks, others }: { tasks: Task[]; others: string[] }) {
  const told: Awaited<ReturnType<typeof encode>>[] = []
  for (const task of tasks) told.push(await encode(task))
  const opened: string[] = []
  for (const other of others) if (await opens(other)) opened.push(other)
  return { told, opened }
}

const opens = (file: string): Promise<boolean> =>
  sharp(file)
    .metadata()
    .then(
      () => true,
      () => false,
    )
