/** What runs in the guarded process: loads the module it is told, hands it its input and writes down its answer. */
import { readFileSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Answer, GuardedModule } from '../guarded.ts'

const pipe = 3

// A signal to the whole group, such as Ctrl-C, is the parent's to answer: a process that stops for it would look as
// if it had died of its input.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)

const { module, input, parent } = JSON.parse(readFileSync(pipe, 'utf8')) as {
  module: string
  input: never
  parent: number
}
// Handed over as text: for a file Node would set up its reading of TypeScript once more, which takes longer than most files do.
new Worker(`(${endWithParent.toString()})(${parent})`, { eval: true }).unref()

const { guarded } = (await import(module)) as GuardedModule
writeSync(pipe, 'ready\n')
writeSync(pipe, `${JSON.stringify(await answer())}\n`)
process.exit()

/** Of an error only its kind is told: the message may quote the input. */
async function answer(): Promise<Answer> {
  try {
    return { result: await guarded(input) }
  } catch (error) {
    if (!(error instanceof Error)) return { threw: typeof error }
    const isOfTheSystem = 'syscall' in error || ('code' in error && error.code === 'ERR_ACCESS_DENIED')
    return isOfTheSystem ? { failed: String((error as NodeJS.ErrnoException).code) } : { threw: error.name }
  }
}

/**
 * What a second thread does: it ends the process when the parent is no more, since nobody would watch its time and memory
 * then, and the first thread may be too busy to notice. It may name nothing from outside itself.
 */
function endWithParent(parentId: number): void {
  setInterval(() => {
    if (process.ppid !== parentId) process.kill(process.pid, 'SIGKILL')
  }, 250)
}
