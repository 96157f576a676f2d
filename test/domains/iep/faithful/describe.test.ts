import { expect, test } from 'vitest'
import type { Finding } from '../../../../src/domains/iep/content.ts'
import { describeForModel } from '../../../../src/domains/iep/faithful/describe.ts'

const finding: Finding = {
  place: 'services',
  kind: 'amount',
  sentence: 'Ada gets 45 minutes\nper week.',
  value: '45 minutes per week',
  message: 'The amount "45 minutes per week" does not occur on the pages that the section services cites.',
}

test('each fault is one line that names the place, what is wrong, and the sentence', () => {
  const whole: Finding = {
    place: 'goals',
    kind: 'missing',
    sentence: '',
    value: '',
    message: 'The section goals is missing.',
  }

  expect(describeForModel([finding, whole]).split('\n')).toEqual([
    '- services: The amount "45 minutes per week" does not occur on the pages that the section services cites. It stands in: "Ada gets 45 minutes per week."',
    '- goals: The section goals is missing.',
  ])
})

test('without faults there is nothing to say', () => {
  expect(describeForModel([])).toBe('')
})

test('a very long sentence and very many faults are cut', () => {
  const lines = describeForModel(
    Array.from({ length: 150 }, () => ({ ...finding, sentence: 'word '.repeat(500) })),
  ).split('\n')

  expect(lines).toHaveLength(101)
  expect(lines.at(-1)).toBe('- And 50 more faults of these kinds.')
  expect(lines.every((line) => line.length < 500)).toBe(true)
})
