import { expect, test } from 'vitest'
import { initiateUserBody } from '../../../src/jobs/anki/initiate-user.ts'
import { maskedEmail } from '../../../src/shared/text.ts'

const id = 'c1bba5c0-b001-7085-7a2e-e74d5399c3d1'
const ada = { cognito_user_id: id, username: 'ada', email: 'ada@example.org' }

test.each([
  { body: {}, field: 'cognito_user_id', message: 'is missing' },
  { body: { ...ada, cognito_user_id: '../../etc' }, field: 'cognito_user_id', message: 'is not a UUID' },
  { body: { ...ada, cognito_user_id: `${id}/` }, field: 'cognito_user_id', message: 'is not a UUID' },
  { body: { ...ada, username: ' \t ' }, field: 'username', message: 'must not be blank' },
  {
    body: { ...ada, username: 'a'.repeat(256) },
    field: 'username',
    message: 'must have at most 255 characters',
  },
  {
    body: { ...ada, username: 'a\0b' },
    field: 'username',
    message: 'must not contain control characters or broken characters',
  },
  {
    body: { ...ada, username: 'a\ud800' },
    field: 'username',
    message: 'must not contain control characters or broken characters',
  },
  { body: { ...ada, username: 7 }, field: 'username', message: 'must be text' },
  { body: { ...ada, email: 'ada' }, field: 'email', message: 'is not an e-mail address' },
  {
    body: { ...ada, email: `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.org` },
    field: 'email',
    message: 'must have at most 255 characters',
  },
  { body: { ...ada, admin: true }, field: '', message: 'Unrecognized key: "admin"' },
  { body: { ...ada, keepName: true }, field: '', message: 'Unrecognized key: "keepName"' },
])('the body $body is refused: $field $message', ({ body, field, message }) => {
  const issues = initiateUserBody.safeParse(body).error?.issues ?? []

  expect(issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }))).toContainEqual({
    field,
    message,
  })
})

test('the body is put into its canonical form', () => {
  const parsed = initiateUserBody.parse({
    cognito_user_id: id.toUpperCase(),
    username: ' Ada 👩‍💻 ',
    email: ' Ada@Example.org ',
  })

  expect(parsed).toEqual({ cognito_user_id: id, username: 'Ada 👩‍💻', email: 'Ada@Example.org' })
})

test('255 characters of any script are a name', () => {
  expect(initiateUserBody.safeParse({ ...ada, username: '𝒜'.repeat(255) }).success).toBe(true)
})

test.each([
  ['ada@example.org', 'a…@example.org'],
  ['👩‍💻@example.org', '👩…@example.org'],
  ['no address at all', '…'],
])('of %j the log shows %j', (address, shown) => {
  expect(maskedEmail(address)).toBe(shown)
})
