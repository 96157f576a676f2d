import { expect, test } from 'vitest'
import { standing } from '../../../src/domains/iep/arrivals/standing.ts'
import { placeOf } from '../../../src/domains/iep/objects.ts'

const good = (at: number) => ({ name: `good ${at}`, refused: false, at })
const bad = (at: number) => ({ name: `bad ${at}`, refused: true, at })

test.each([
  { files: [good(1)], active: 'good 1' },
  { files: [good(1), good(3), good(2)], active: 'good 3' },
  { files: [bad(1)], active: 'bad 1' },
  { files: [bad(1), bad(2)], active: 'bad 2' },
  { files: [good(1), bad(2)], active: 'good 1', beside: 'bad 2' },
  { files: [bad(3), good(1), bad(2)], active: 'good 1', beside: 'bad 3' },
  { files: [bad(1), good(2)], active: 'good 2' },
  { files: [good(1), bad(2), good(3)], active: 'good 3' },
])('of $files $active is the document', ({ files, active, beside }) => {
  const [first, ...others] = files as [ReturnType<typeof good>]

  const found = standing([first, ...others])

  expect(found.active.name).toBe(active)
  expect(found.beside?.name).toBe(beside)
})

test('of two files of one age the one that is named first counts as the newer', () => {
  const [one, other] = [good(1), { ...good(1), name: 'the other' }]

  expect(standing([one, other]).active).toBe(one)
  expect(standing([other, one]).active).toBe(other)
})

const ids = ['11111111-2222-4333-8444-555555555555', '66666666-7777-4888-9999-aaaaaaaaaaaa'] as const

test('a key says where its object belongs', () => {
  expect(placeOf(`grace/${ids[0]}/${ids[1]}/Plan für Ada.pdf`)).toEqual({
    userId: 'grace',
    childId: ids[0],
    iepId: ids[1],
  })
})

test.each([
  '',
  'plan.pdf',
  `grace/${ids[0]}/${ids[1]}`,
  `grace/${ids[0]}/${ids[1]}/`,
  `/${ids[0]}/${ids[1]}/plan.pdf`,
  `grace/${ids[0]}/${ids[1]}/more/plan.pdf`,
  `grace/a-child/${ids[1]}/plan.pdf`,
  `grace/${ids[0]}/../plan.pdf`,
  `grace/${ids[0].toUpperCase().replace('1', 'A')}/${ids[1]}/plan.pdf`,
])('a key that was not made here belongs nowhere: %s', (key) => {
  expect(placeOf(key)).toBeUndefined()
})
