/** A process that guards one that never ends nor lets go, until it is itself ended. */
import { runGuarded } from '../../../src/shared/guarded.ts'

const [ready = ''] = process.argv.slice(2)
const guard = { ms: 600_000, memoryBytes: 500e6, signal: new AbortController().signal, writes: [ready] }
await runGuarded(new URL('troubles.ts', import.meta.url), { spin: true, ready } as never, guard)
