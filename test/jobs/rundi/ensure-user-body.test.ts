import { expect, test } from 'vitest'
import { ensureUser, ensureUserBody } from '../../../src/jobs/rundi/ensure-user.ts'

const ada = { provider: 'google', provider_id: '110169484474386276334', email: 'ada@example.org' }

test.each([
  { body: { provider: 'google', provider_id: '1' }, field: 'email', message: 'is missing' },
  {
    body: { ...ada, provider: 'goo gle' },
    field: 'provider',
    message: 'must be the short name of a provider, such as google',
  },
  {
    body: { ...ada, provider: 'g'.repeat(51) },
    field: 'provider',
    message: 'must be the short name of a provider, such as google',
  },
  { body: { ...ada, provider_id: '' }, field: 'provider_id', message: 'must not be blank' },
  {
    body: { ...ada, provider_id: 'i'.repeat(256) },
    field: 'provider_id',
    message: 'must have at most 255 characters',
  },
  { body: { ...ada, provider_id: 7 }, field: 'provider_id', message: 'must be text' },
  { body: { ...ada, email: 'ada@example' }, field: 'email', message: 'is not an e-mail address' },
  { body: { ...ada, email: null }, field: 'email', message: 'must be text' },
  {
    body: { ...ada, name: 'A\0da' },
    field: 'name',
    message: 'must not contain control characters or broken characters',
  },
  { body: { ...ada, name: 'a'.repeat(256) }, field: 'name', message: 'must have at most 255 characters' },
  { body: { ...ada, name: ['Ada'] }, field: 'name', message: 'must be text' },
  { body: { ...ada, avatar: 'javascript:alert(1)' }, field: 'avatar', message: 'is not a web address' },
])('the body $body is refused: $field $message', ({ body, field, message }) => {
  const issues = ensureUserBody.safeParse(body).error?.issues ?? []

  expect(issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }))).toEqual([
    { field, message },
  ])
})

test.each([
  { sent: {}, kept: {} },
  { sent: { name: null, avatar: null }, kept: { name: null, avatar: null } },
  { sent: { name: ' ', avatar: '' }, kept: { name: null, avatar: null } },
  { sent: { name: ' Ada Łovelace ' }, kept: { name: 'Ada Łovelace' } },
  { sent: { provider: ' Google ', email: ' Ada@Example.org ' }, kept: { email: 'Ada@Example.org' } },
  { sent: { vouched: true, image: 'x' }, kept: {} },
])('of $sent this is kept: $kept', ({ sent, kept }) => {
  expect(ensureUserBody.parse({ ...ada, ...sent })).toStrictEqual({ ...ada, ...kept })
})

test('no two identities share a key, and only Google users see their receipt by their subject alone', () => {
  const keyOf = (provider: string, provider_id: string) =>
    ensureUser.key({ ...ada, provider, provider_id, vouched: true })
  const ownerOf = (provider: string) => ensureUser.owner?.({ ...ada, provider, vouched: true })

  expect(keyOf('a', 'b c')).not.toBe(keyOf('a-b', 'c'))
  expect(ownerOf('google')).toBe(`rundi:${ada.provider_id}`)
  expect(ownerOf('github')).toBe(`rundi:github:${ada.provider_id}`)
})
