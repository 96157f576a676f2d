import { expect, test } from 'vitest'
import { imagine, type Imagined } from './turns/imagined-provider.ts'

// Where somebody always waits, what is not used was given away. Played on a clock of its own, twelve times each.

test('most of what a provider bears is used, though nobody knew its limits', () => {
  const { least, refused } = play({})

  expect(least).toBeGreaterThan(0.92)
  expect(refused).toBeLessThan(7)
})

test('a start on a starved machine is not held against the provider for long', () => {
  const starved = (mean: number, then: number) => (now: number) => (now < 15_000 ? mean : then)

  const { least, refused } = play({ lag: starved(250, 20), round: starved(200, 10) })

  expect(least).toBeGreaterThan(0.85)
  expect(refused).toBeLessThan(11)
})

test('calls that arrive now sooner and now later cost little of what a second allows', () => {
  const { least, refused } = play({ call: [700, 900] })

  expect(least).toBeGreaterThan(0.87)
  expect(refused).toBeLessThan(8)
})

test('a provider that is only ever full is asked for nearly all it bears, and rarely for more', () => {
  const { least, refused } = play({ perSecond: null, call: [500, 9000] })

  expect(least).toBeGreaterThan(0.92)
  expect(refused).toBeLessThan(6)
})

/** The least that was used in any of the runs, and how many calls were refused in the mean of them. */
function play(different: Partial<Imagined>): { least: number; refused: number } {
  const runs = Array.from({ length: 12 }, (_, index) => imagine({ ...usual, seed: index + 1, ...different }))
  return {
    least: Math.min(...runs.map(({ used }) => used)),
    refused: runs.reduce((sum, { refused }) => sum + refused, 0) / runs.length,
  }
}

/** As in the bench of documents: five calls a second, eight at once, each of which takes two and a half seconds. */
const usual: Imagined = {
  seed: 0,
  ms: 65_000,
  inFlight: 8,
  perSecond: 5,
  call: [2450, 2650],
  lag: () => 20,
  round: () => 10,
}
