import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OpenApi, Operation } from '../../../src/ingress/http/edge/document-shape.ts'
import { ada, bearer, startWeb, withKey, type Web } from './web.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
interface Route {
  name: string
  method: Method
  url: string
  takesBody: boolean
}

let web: Web
let routes: Route[]
let token: Record<string, string>
beforeAll(async () => {
  web = await startWeb()
  const { issuer } = web
  token = bearer(
    await issuer.cognito({ sub: randomUUID(), aud: 'iep-client' }, { issuer: `${issuer.url}/iep` }),
  )
  const { paths } = web.app.swagger() as unknown as OpenApi
  routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeOf(method, path, operation)),
  )
})
afterAll(() => web[Symbol.asyncDispose]())

const routeOf = (method: string, path: string, operation: Operation): Route => ({
  name: `${method} ${path}`,
  method: method.toUpperCase() as Method,
  url: path.replaceAll(/\{\w+\}/g, randomUUID()),
  takesBody: 'requestBody' in operation,
})

/** Pre-Work's are in a test of their own, which knows what each of its routes needs. */
const products = new Set(['anki', 'rundi', 'iep', 'lockin', 'jobs'])
const headersOf = (url: string) => {
  const [, product = ''] = url.split('/')
  if (product === 'iep') return token
  return withKey(product === 'lockin' || product === 'rundi' ? product : 'anki')
}
const inProducts = (): Route[] =>
  routes.filter(({ url }) => products.has(url.split('/')[1] ?? '') && !url.includes('/avatars/'))

test('a parameter that nobody knows is refused by every product, in its own words', async () => {
  const asked = inProducts().filter(({ takesBody }) => !takesBody)
  expect(asked.length).toBeGreaterThan(30)
  for (const { name, method, url } of asked) {
    const answer = await web.app.inject({ method, url: `${url}?constructor=1`, headers: headersOf(url) })
    expect([name, answer.statusCode], answer.body).toEqual([name, 400])
    expect(answer.body, name).toContain('constructor')
  }
})

test('so it is where there is a body as well', async () => {
  const headers = withKey('anki')
  const answer = await web.app.inject({
    method: 'POST',
    url: '/anki/users?wait=5',
    headers,
    payload: ada.body,
  })
  expect(answer.json()).toMatchObject({
    error: { code: 'unknown-field', message: 'Unknown field: wait', field: 'wait' },
  })
})

test('a body is refused where none is known, unless nothing is in it', async () => {
  const bodiless = inProducts().filter(({ method, takesBody }) => method !== 'GET' && !takesBody)
  expect(bodiless.length).toBeGreaterThan(10)
  for (const { name, method, url } of bodiless) {
    const ask = (payload: object) => web.app.inject({ method, url, headers: headersOf(url), payload })
    const answer = await ask({ constructor: 1 })
    expect([name, answer.statusCode], answer.body).toEqual([name, 400])
    expect((await ask({})).body, name).not.toContain('takes no body')
  }
})
