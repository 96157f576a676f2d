import { expect, test } from 'vitest'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { ada, bearer, grace, startWeb, withKey } from './web.ts'

test('a server asks for a user and gets a receipt that leads to the result', async () => {
  await using web = await startWeb()

  const asked = await web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: withKey('anki'),
    payload: ada.body,
  })
  expect(asked.statusCode).toBe(202)
  const receipt = asked.json()
  expect(asked.headers.location).toBe(`/jobs/${receipt.id}`)
  expect(Object.keys(receipt)).toEqual([
    'id',
    'name',
    'state',
    'progress',
    'round',
    'attempt',
    'attempts',
    'createdAt',
    'startedAt',
    'settledAt',
    'statusUrl',
  ])
  expect(receipt).toMatchObject({
    name: 'anki.initiate-user',
    state: 'waiting',
    attempt: 0,
    attempts: 5,
    settledAt: null,
  })

  await web.world.finish(receipt.id)
  const settled = await web.app.inject({ url: `/jobs/${receipt.id}`, headers: withKey('anki') })
  expect(settled.json()).toMatchObject({
    state: 'completed',
    result: { profile: true, collection: true, ready: true },
  })
  expect(settled.body).not.toContain(web.world.directory)
})

test('a user who waits gets the result itself', async () => {
  await using web = await startWeb({ light: true })
  const token = await web.issuer.cognito({ sub: ada.id })

  const answer = await web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: { ...bearer(token), prefer: 'respond-async, wait="25"' },
    payload: ada.body,
  })

  expect(answer.statusCode).toBe(200)
  expect(answer.headers['preference-applied']).toBe('wait=25')
  expect(answer.json()).toEqual({ profile: true, collection: true, ready: true })
  expect((await stat(path.join(web.world.directory, 'collections', ada.id))).isDirectory()).toBe(true)
})

test('a user may ask for nobody else, and sees nobody else', async () => {
  await using web = await startWeb()
  const headers = bearer(await web.issuer.cognito({ sub: grace.id }))

  const asked = await web.app.inject({ method: 'POST', url: '/anki/users', headers, payload: ada.body })
  expect(asked.statusCode).toBe(403)
  expect(asked.json().error.code).toBe('forbidden')
  const seen = await web.app.inject({ url: `/anki/users/${ada.id}`, headers })
  expect(seen.statusCode).toBe(404)
  const self = await web.app.inject({ url: `/anki/users/${grace.id}`, headers })
  expect(self.json()).toEqual({ profile: false, collection: false, ready: false })
  // Nobody on the way may go on saying so when it is no longer true.
  expect(self.headers['cache-control']).toBe('no-store')
})
