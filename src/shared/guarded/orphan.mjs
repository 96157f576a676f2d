/**
 * A second thread of the guarded process that ends it when the parent is no more: nobody would watch its time and
 * memory, and the first thread may be too busy to notice. Plain JavaScript, since a thread that reads TypeScript has to load
 * what strips the types once more, and takes twice as long to start.
 */
import { workerData } from 'node:worker_threads'

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, 250)
