import { startLifecycle } from '../../src/shared/lifecycle.ts'
import { createLog } from '../../src/shared/log.ts'

// A process that goes on opening things while it is told to stop, and after that.
const log = createLog({ level: 'info', process: 'late' })
const lifecycle = startLifecycle(log, { graceMs: 1000 })
const open = (name: string, whileClosing?: () => void): void =>
  lifecycle.onStop(name, async () => {
    whileClosing?.()
    await Promise.resolve()
    log.info(`closes ${name}`)
  })

open('first')
open('second', () => {
  open('late')
  open('later')
})
open('third')
await lifecycle.stop('nothing to do')
open('too late')
