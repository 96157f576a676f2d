import { expect, test } from 'vitest'
import { batched } from '../../src/jobs/batch.ts'

/** Work that goes on until the test says so. */
function heldWork() {
  const underWay: { items: number[]; end: () => void; fail: (error: Error) => void }[] = []
  const work = (items: number[]): Promise<number[]> =>
    new Promise((resolve, reject) => {
      underWay.push({ items, end: () => resolve(items.map((item) => item * 10)), fail: reject })
    })
  return { underWay, work }
}

/** A few turns of the event loop: whatever is going to begin has begun. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
}

test('what comes in together goes out together, and each gets its own result', async () => {
  const { underWay, work } = heldWork()
  const ask = batched(work, { lanes: 1, size: 500 })

  const asked = Promise.all([1, 2, 3].map(ask))
  await turns()

  expect(underWay.map(({ items }) => items)).toEqual([[1, 2, 3]])
  underWay[0]?.end()
  expect(await asked).toEqual([10, 20, 30])
})

test('a lane beside others begins with a batch as large as theirs, or when one of them has ended', async () => {
  const { underWay, work } = heldWork()
  const ask = batched(work, { lanes: 2, size: 500 })
  const batches = () => underWay.map(({ items }) => items)

  const asked = [1, 2, 3].map(ask)
  await turns()
  asked.push(...[4, 5].map(ask))
  await turns()
  expect(batches()).toEqual([[1, 2, 3]])

  asked.push(ask(6))
  await turns()
  expect(batches()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])

  asked.push(ask(7))
  await turns()
  underWay[0]?.end()
  await turns()
  expect(batches()).toHaveLength(2)
  underWay[1]?.end()
  await turns()
  expect(batches()[2]).toEqual([7])
  underWay[2]?.end()
  expect(await Promise.all(asked)).toEqual([10, 20, 30, 40, 50, 60, 70])
})

test('somebody alone does not wait for somebody else who is alone', async () => {
  const { underWay, work } = heldWork()
  const ask = batched(work, { lanes: 2, size: 500 })

  const first = ask(1)
  await turns()
  const second = ask(2)
  await turns()

  expect(underWay.map(({ items }) => items)).toEqual([[1], [2]])
  for (const { end } of underWay) end()
  expect(await Promise.all([first, second])).toEqual([10, 20])
})

test('a batch never has more than its size, however large the others are', async () => {
  const { underWay, work } = heldWork()
  const ask = batched(work, { lanes: 2, size: 2 })

  const asked = [1, 2, 3, 4, 5].map(ask)
  await turns()
  expect(underWay.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4],
  ])

  underWay[0]?.end()
  underWay[1]?.end()
  await turns()
  underWay[2]?.end()
  expect(await Promise.all(asked)).toEqual([10, 20, 30, 40, 50])
})

test('one bad item fails alone', async () => {
  const ask = batched(
    async (items: number[]) => {
      if (items.includes(2)) throw new Error('two is not wanted')
      return items
    },
    { lanes: 1, size: 500 },
  )

  const settled = await Promise.allSettled([1, 2, 3].map(ask))

  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
