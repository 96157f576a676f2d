import { prepare } from './contestants.ts'
import type { Options } from './options.ts'
import { enqueue } from './parts/enqueue.ts'
import { drain } from './parts/drain.ts'
import { openStack } from './stack.ts'
import { drawTable } from './tables.ts'

export async function bench(options: Options, say: (line: string) => void): Promise<void> {
  await using stack = await openStack({ say, prepare, logLevel: options.logLevel, profile: options.profile })
  const setting = { stack, options, say }
  if (options.parts.includes('a')) {
    const { tables } = await enqueue(setting)
    for (const table of tables) console.log(`\n${drawTable(table)}`)
  }
  if (options.parts.includes('b')) {
    const { tables } = await drain(setting)
    for (const table of tables) console.log(`\n${drawTable(table)}`)
  }
}
