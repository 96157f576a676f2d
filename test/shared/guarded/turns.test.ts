import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { inTurn } from '../../../src/shared/guarded/turns.ts'

const never = new AbortController().signal

/** Takes all there is; what comes now waits. Ends one by one when told. */
function occupy() {
  const ends: (() => void)[] = []
  const works = Array.from({ length: Math.min(availableParallelism(), 4) }, () =>
    inTurn(never, () => new Promise<void>((resolve) => ends.push(resolve))),
  )
  return { endAll: () => ends.splice(0).forEach((end) => end()), over: Promise.all(works) }
}

test('who brings one thing does not wait for all that another has brought', async () => {
  const first = occupy()
  const order: string[] = []
  const wait = (whose: string) => inTurn(never, async () => void order.push(whose), whose)
  const all = [...Array.from({ length: 10 }, () => wait('ada')), wait('grace'), wait('linus'), wait('grace')]
  first.endAll()
  await Promise.all(all)
  await first.over

  expect(order).toHaveLength(13)
  expect(order.indexOf('grace')).toBeLessThanOrEqual(2)
  expect(order.indexOf('linus')).toBeLessThanOrEqual(3)
  expect(order.lastIndexOf('grace')).toBeLessThanOrEqual(5)
})

test('who goes away while waiting holds up nobody, and nothing is lost by an error', async () => {
  const first = occupy()
  const gone = new AbortController()
  const order: string[] = []
  const abandoned = inTurn(gone.signal, async () => void order.push('ada'), 'ada')
  const failing = inTurn(never, () => Promise.reject(new Error('broken')), 'linus')
  const after = inTurn(never, async () => void order.push('grace'), 'grace')
  gone.abort(new Error('gone'))
  await expect(abandoned).rejects.toThrow('gone')
  first.endAll()

  await expect(failing).rejects.toThrow('broken')
  await after
  await first.over
  expect(order).toEqual(['grace'])
  // All places are free again.
  const again = occupy()
  again.endAll()
  await again.over
})
