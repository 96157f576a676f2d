/**
 * A second thread of the guarded process that ends it when the parent is no more: nobody would watch its time and
 * memory, and the first thread may be too busy to notice.
 */
import { workerData } from 'node:worker_threads'

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, 250)
