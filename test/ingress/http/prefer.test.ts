import { expect, test } from 'vitest'
import { preferredWait } from '../../../src/ingress/http/asking/prefer.ts'

test.each([
  ['wait=10', 10],
  ['wait = 10', 10],
  ['WAIT=10', 10],
  ['wait="10"', 10],
  ['respond-async, wait=10', 10],
  ['wait=10; foo="a, wait=5"', 10],
  ['handling="lenient, wait=3", wait=7', 7],
  ['wait=3, wait=9', 3],
  ['wait=99', 30],
  ['wait=0', 0],
  ['wait=-1', undefined],
  ['wait=soon, wait=5', undefined],
  ['wait', undefined],
  ['wait=1.5', undefined],
  ['waiting=5', undefined],
  ['', undefined],
  ['respond-async', undefined],
  [undefined, undefined],
])('Prefer: %s', (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds)
})
