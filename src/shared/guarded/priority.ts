import { constants, getPriority, setPriority } from 'node:os'

/**
 * Lets a process that has just started, and the threads it will start, work only when those around it leave the processor
 * free: they renew leases and pass on what others wait for. Where that may not be said, the kernel treats all alike.
 */
export function stepBack(pid: number): void {
  const { PRIORITY_BELOW_NORMAL: lower, PRIORITY_LOW: lowest } = constants.priority
  try {
    setPriority(pid, Math.min(getPriority() + lower, lowest))
  } catch (error) {
    if (!lenient.has((error as { info?: { code?: string } }).info?.code ?? '')) throw error
  }
}

/** It is gone already, or nobody may change priorities here. */
const lenient = new Set(['ESRCH', 'EACCES', 'EPERM'])
