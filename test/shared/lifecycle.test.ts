import { expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'

test('what is opened while a process stops, or after that, is closed too', async () => {
  const child = startProcess('test/shared/opens-late.ts', [], {})

  expect(await child.exited, child.output()).toBe(0)
  const closed = [...child.output().matchAll(/"closes (.+?)"/g)].map(([, name]) => name)
  expect(closed).toEqual(['third', 'second', 'later', 'late', 'first', 'too late'])
})
