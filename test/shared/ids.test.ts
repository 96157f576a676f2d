import { expect, test } from 'vitest'
import { timeOrderedId } from '../../src/shared/ids.ts'

test('an id is a version 7 UUID that tells its millisecond', () => {
  const id = timeOrderedId(0x0192_3456_789a)

  expect(id).toMatch(/^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(timeOrderedId(1)).toMatch(/^00000000-0001-7/)
})

test('ids are different, and those of later milliseconds sort after', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => timeOrderedId(1_700_000_000_000 + index))

  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
})
