import { expect, test } from 'vitest'
import { ada, bearer, grace, startWeb, withKey, type Web } from './web.ts'

const post = (web: Web, payload: object, headers: Record<string, string>) =>
  web.app.inject({ method: 'POST', url: '/anki/users', headers, payload })
const withOnce = (key: string) => ({ ...withKey('anki'), 'idempotency-key': key })

test('the same key asks once, and gives the same receipt', async () => {
  await using web = await startWeb()
  const first = await post(web, ada.body, withOnce('one'))
  await web.world.finish(first.json().id)
  const renamed = { ...ada.body, username: 'ada-lovelace' }
  expect((await post(web, renamed, withOnce('two'))).json().state).toBe('waiting')
  await web.world.finish(first.json().id)

  // Without the key this would rename the profile back.
  const repeated = await post(web, ada.body, withOnce('one'))
  expect(repeated.statusCode).toBe(202)
  expect(repeated.json()).toMatchObject({ id: first.json().id, state: 'completed' })
  expect((await web.world.see(first.json().id)).round).toBe(2)
})

test('the same key with another body is refused, however it is written', async () => {
  await using web = await startWeb()
  expect((await post(web, ada.body, withOnce('one'))).statusCode).toBe(202)
  const { email, ...rest } = ada.body
  expect((await post(web, { email, ...rest }, withOnce('one'))).statusCode).toBe(202)

  const other = await post(web, { ...ada.body, username: 'ada-lovelace' }, withOnce('one'))
  expect(other.statusCode).toBe(422)
  expect(other.json().error.code).toBe('idempotency-key-reused')
})

test('a key belongs to one caller', async () => {
  await using web = await startWeb()
  const key = { 'idempotency-key': 'one' }
  const adas = { ...bearer(await web.issuer.cognito({ sub: ada.id })), ...key }
  const graces = { ...bearer(await web.issuer.cognito({ sub: grace.id })), ...key }
  expect((await post(web, ada.body, adas)).statusCode).toBe(202)
  expect((await post(web, grace.body, graces)).statusCode).toBe(202)
  expect((await post(web, grace.body, { ...withKey('anki'), ...key })).statusCode).toBe(202)
})

test('twenty repetitions at once ask once', async () => {
  await using web = await startWeb()
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(web, ada.body, withOnce('one'))))
  expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([202]))
  expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1)
})

test('a key is 1 to 255 printable characters', async () => {
  await using web = await startWeb()
  for (const key of ['', 'x'.repeat(256), 'schlüssel', 'a\tb']) {
    const answer = await post(web, ada.body, withOnce(key))
    expect(answer.statusCode, key).toBe(400)
    expect(answer.json().error.field).toBe('Idempotency-Key')
  }
  expect((await post(web, ada.body, withOnce('x'.repeat(255)))).statusCode).toBe(202)
})
