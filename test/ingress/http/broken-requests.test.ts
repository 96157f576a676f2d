import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { ada, startWeb, withKey, type Web } from './web.ts'

const json = { ...withKey('anki'), 'content-type': 'application/json' }
const post = (web: Web, payload: string | Buffer, headers: Record<string, string> = json) =>
  web.app.inject({ method: 'POST', url: '/anki/users', headers, payload })

test('what is not a body of this shape is refused with the name of the field', async () => {
  await using web = await startWeb()
  const { cognito_user_id, username, email } = ada.body
  const faults: [unknown, string][] = [
    [{ username, email }, 'cognito_user_id'],
    [{ cognito_user_id: 'ada', username, email }, 'cognito_user_id'],
    [{ cognito_user_id, username: 7, email }, 'username'],
    [{ cognito_user_id, username: ' ', email }, 'username'],
    [{ cognito_user_id, username: 'x'.repeat(256), email }, 'username'],
    [{ cognito_user_id, username: ['ada'], email }, 'username'],
    [{ cognito_user_id, username, email: 'nobody' }, 'email'],
    [{ cognito_user_id, username, email: null }, 'email'],
    [{ ...ada.body, admin: true }, 'admin'],
    [{ ...ada.body, keepName: true }, 'keepName'],
    [{ ...ada.body, toString: 1 }, 'toString'],
    ['ada', 'body'],
    [[], 'body'],
    [null, 'body'],
  ]
  for (const [body, field] of faults) {
    const answer = await post(web, JSON.stringify(body))
    expect(answer.statusCode, JSON.stringify(body)).toBe(400)
    expect(answer.json().error, JSON.stringify(body)).toMatchObject({
      field,
      requestId: answer.headers['x-request-id'],
    })
    expect(Object.keys(answer.json())).toEqual(['error'])
  }
})

test('broken bytes never make it a fault of ours', async () => {
  await using web = await startWeb()
  const body = JSON.stringify(ada.body)
  const broken: [string | Buffer, Record<string, string>, number][] = [
    ['{"username": ', json, 400],
    ['', json, 400],
    ['{} {}', json, 400],
    ['NaN', json, 400],
    ['1e999', json, 400],
    ['['.repeat(100_000), json, 400],
    ['['.repeat(100_000) + ']'.repeat(100_000), json, 400],
    [`{"a":${'{"a":'.repeat(20_000)}"\\u0061"${'}'.repeat(20_001)}`, json, 400],
    ['{"__proto__": {"admin": true}}', json, 400],
    ['{"constructor": {"prototype": {"admin": true}}}', json, 400],
    [body.replace('ada"', 'a\\u0000da"'), json, 400],
    [body.replace('ada"', 'a\\ud800da"'), json, 400],
    [Buffer.from(body.replace('"ada"', '"ad\xe9"'), 'latin1'), json, 415],
    [Buffer.from(body, 'utf16le'), { ...json, 'content-type': 'application/json; charset=utf-16' }, 415],
    [body, { ...json, 'content-type': 'application/json; charset=latin1' }, 415],
    [body, { ...json, 'content-type': 'text/plain' }, 415],
    [body, { ...json, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [body, { ...json, 'content-type': 'multipart/form-data; boundary=x' }, 415],
    [body, { ...json, 'content-type': 'nonsense' }, 415],
    [body, withKey('anki'), 415],
    [body, { ...json, 'content-encoding': 'gzip' }, 415],
    [JSON.stringify({ ...ada.body, username: 'x'.repeat(300_000) }), json, 413],
  ]
  for (const [payload, headers, status] of broken) {
    const answer = await post(web, payload, headers)
    expect(answer.statusCode, String(payload).slice(0, 60)).toBe(status)
    expect(answer.body).not.toMatch(/\bat .*:\d+:\d+|node_modules|FST_ERR/)
    expect(answer.json().error.code).toBeTypeOf('string')
  }
})

test('addresses that lead nowhere', async () => {
  await using web = await startWeb()
  const headers = withKey('anki')
  const nowhere: [string, number][] = [
    ['/nothing', 404],
    ['/anki', 404],
    ['/anki/users/', 400],
    ['/anki/users/not-a-uuid', 400],
    [`/anki/users/${'a'.repeat(500)}`, 414],
    ['/jobs/%00', 400],
    ['/jobs/%ff', 400],
    ['/jobs/%', 400],
    ['/jobs/__proto__', 400],
    ['/jobs/..%2f..%2fetc%2fpasswd', 400],
    ['//jobs', 404],
    ['/constructor/prototype', 404],
  ]
  for (const [url, status] of nowhere) {
    const answer = await web.app.inject({ url, headers })
    expect(answer.statusCode, url).toBe(status)
    expect(answer.json().error, url).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f]{32}$/) })
  }
})

test('a method that is not there is told which are', async () => {
  await using web = await startWeb()
  const tried: [string, string, string][] = [
    ['GET', '/anki/users', 'POST'],
    ['PUT', `/anki/users/${ada.id}`, 'GET, HEAD'],
    ['POST', `/jobs/${ada.id}`, 'DELETE, GET, HEAD'],
    ['PATCH', '/rundi/auth/ensure-user', 'POST'],
    ['DELETE', '/livez', 'GET, HEAD'],
    ['OPTIONS', '/anki/users', 'POST'],
  ]
  for (const [method, url, allow] of tried) {
    const answer = await web.app.inject({
      method: method as 'GET',
      url,
      payload: '<not json>',
      headers: { 'content-type': 'text/xml' },
    })
    expect(answer.statusCode, url).toBe(405)
    expect(answer.headers.allow, url).toBe(allow)
  }
})

test('each product has the error shape its clients know', async () => {
  await using web = await startWeb()
  const shapes: [string, (body: Record<string, unknown>) => unknown][] = [
    ['/rundi/nothing', (body) => typeof body['detail'] === 'string' && Object.keys(body)],
    ['/lockin/nothing', (body) => typeof body['detail'] === 'string' && Object.keys(body)],
    ['/iep/nothing', (body) => typeof body['message'] === 'string' && Object.keys(body)],
    ['/prework/nothing', (body) => typeof body['error'] === 'object' && Object.keys(body)],
  ]
  const seen = []
  for (const [url, look] of shapes) seen.push(look((await web.app.inject({ url })).json()))
  expect(seen).toEqual([['detail'], ['detail'], ['message'], ['error']])
  // However the address is written: it is the route that has a shape.
  const written = await web.app.inject({ method: 'POST', url: '/%72undi/auth/ensure-user' })
  expect([written.statusCode, Object.keys(written.json())]).toEqual([401, ['detail']])
})

test('every answer carries its ids, and a trace that came in goes on', async () => {
  await using web = await startWeb()
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const send = (traceparent: string) =>
    web.app.inject({
      method: 'POST',
      url: '/anki/users',
      headers: { ...withKey('anki'), traceparent },
      payload: ada.body,
    })

  const traced = await send(`00-${trace}-00f067aa0ba902b7-01`)
  expect(traced.headers['x-trace-id']).toBe(trace)
  expect(traced.headers['x-request-id']).not.toBe(trace)
  expect((await web.world.see(traced.json().id)).trace).toBe(trace)

  for (const invalid of [
    '',
    'x',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${trace}-00f067aa0ba902b7-01-more`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
  ]) {
    const untraced = await send(invalid)
    expect(untraced.headers['x-trace-id'], invalid).toMatch(/^[0-9a-f]{32}$/)
    expect(untraced.headers['x-trace-id'], invalid).not.toBe(trace)
  }
})

test('bytes that are no HTTP get an answer and no more', async () => {
  await using web = await startWeb()
  const url = new URL(await web.url())
  const body = JSON.stringify(ada.body)
  const head = `POST /anki/users HTTP/1.1\r\nHost: x\r\nX-Millrace-Key: ${withKey('anki')['x-millrace-key']}\r\nContent-Type: application/json\r\n`
  const sent: [string, RegExp][] = [
    ['what?\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 (400|505) /],
    [`GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [`${head}Content-Length: ten\r\n\r\n${body}`, /^HTTP\/1\.1 400 /],
    [`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, /^HTTP\/1\.1 400 /],
    [`${head}Content-Length: 10\r\n\r\n${body}`, /^HTTP\/1\.1 400 /],
    [`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['GET /jobs/\u0001 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
  ]
  for (const [bytes, status] of sent) {
    const answer = await exchange(Number(url.port), bytes)
    expect(answer, bytes.slice(0, 80)).toMatch(status)
    expect(answer).not.toMatch(/\n\s+at /)
    const [, id] = /^x-request-id: ([0-9a-f]{32})\r$/im.exec(answer) ?? []
    expect(answer, bytes.slice(0, 80)).toMatch(/^date: .* GMT\r$/im)
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ error: { requestId: id } })
  }
  expect((await fetch(new URL('/livez', url))).status).toBe(200)
  const counted = await (await fetch(new URL('/metrics', url))).text()
  expect(counted).toMatch(/_count\{[^}]*route="unknown",status="431"[^}]*\} 1$/m)
})

test('nonsense after a request does not get into its answer', async () => {
  await using web = await startWeb()
  const asked = await post(web, JSON.stringify(ada.body))
  const { port } = new URL(await web.url())
  const key = `X-Millrace-Key: ${withKey('anki')['x-millrace-key']}`
  const get = (path: string) => `GET /jobs/${asked.json().id}${path} HTTP/1.1\r\nHost: x\r\n${key}\r\n\r\n`

  for (const path of ['/events', '?wait=30']) {
    const answer = exchange(Number(port), `${get(path)}what?\r\n\r\n`, true)
    await web.world.finish(asked.json().id)
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /)
    expect((await answer).match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(await answer).toContain('"completed"')
  }
})

/** Sends bytes and reads the head of an answer, or, to the end, all that the other side has to say. */
function exchange(port: number, bytes: string, toTheEnd = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => {
      answer += data.toString()
      if (!toTheEnd && answer.includes('\r\n\r\n')) socket.end()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
    socket.write(bytes)
  })
}
