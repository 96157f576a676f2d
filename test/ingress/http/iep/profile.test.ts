import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { ada, arrive, grace } from '../../../domains/iep/stored.ts'
import { startFamily, type Family } from './family.ts'

const put = (family: Family, userId: string, payload: object) =>
  family.as(userId, { method: 'PUT', url: '/profile', payload })
const profileOf = async (family: Family, userId: string) =>
  (await family.as(userId, { url: '/profile' })).json().profile
const rows = async (family: Family, table: string) =>
  (await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(family.sql))
    .rows[0]?.count

test('a profile is there when it is first asked for, and two who ask at once get the same', async () => {
  await using family = await startFamily()
  const answers = await Promise.all(Array.from({ length: 20 }, () => family.as(ada, { url: '/profile' })))

  expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([200]))
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(1)
  expect(answers[0]?.json()).toEqual({
    profile: {
      userId: ada,
      phone: '',
      primaryLanguage: '',
      secondaryLanguage: '',
      city: '',
      consentGiven: false,
      children: [],
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
    },
  })
  const made = new Date(answers[0]?.json().profile.createdAt)
  expect(made.getUTCFullYear()).toBe(new Date().getUTCFullYear())
  expect(await rows(family, 'iep.profiles')).toBe(1)
})

test('a change that races the first look is not overwritten by it', async () => {
  await using family = await startFamily()
  const parents = Array.from({ length: 15 }, (_, index) => `parent-${index}`)
  await Promise.all(
    parents.flatMap((parent) => [
      family.as(parent, { url: '/profile' }),
      put(family, parent, { city: 'Boston', consentGiven: true }),
      family.as(parent, { url: '/profile' }),
    ]),
  )
  for (const parent of parents)
    expect(await profileOf(family, parent)).toMatchObject({ city: 'Boston', consentGiven: true })
})

test('what is sent is changed, what is left out stays, and null or nothing but blanks clears', async () => {
  await using family = await startFamily()
  const before = await profileOf(family, ada)
  const changed = await put(family, ada, {
    phone: ' 617 555 0100 ',
    primaryLanguage: 'es',
    secondaryLanguage: 'vi',
    city: 'São Paulo',
    consentGiven: true,
    children: [{ name: 'Linus', schoolCity: 'Boston' }],
  })
  expect(changed.statusCode).toBe(200)
  expect(changed.body).toBe('{"message":"Profile updated successfully"}')
  const after = await profileOf(family, ada)
  expect(after).toMatchObject({
    phone: '617 555 0100',
    primaryLanguage: 'es',
    secondaryLanguage: 'vi',
    city: 'São Paulo',
    consentGiven: true,
    children: [{ childId: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'Linus', schoolCity: 'Boston' }],
  })
  expect(Object.keys(after.children[0])).toEqual(['childId', 'name', 'schoolCity'])
  expect(after.createdAt).toBe(before.createdAt)
  expect(after.updatedAt).toBeGreaterThan(before.updatedAt)

  await put(family, ada, { primaryLanguage: '', secondaryLanguage: null, phone: null, city: ' ' })
  expect(await profileOf(family, ada)).toMatchObject({
    primaryLanguage: '',
    secondaryLanguage: '',
    phone: '',
    city: '',
    consentGiven: true,
    children: after.children,
  })
})

test('what cannot be written is refused with a sentence that names it, and nothing is written', async () => {
  await using family = await startFamily()
  const before = await profileOf(family, ada)
  const refused: [object, string | RegExp][] = [
    [{ consentGiven: 'true' }, 'consentGiven must be a boolean value (true or false)'],
    [{ consentGiven: 1 }, 'consentGiven must be a boolean value (true or false)'],
    [{ consentGiven: null }, 'consentGiven must be a boolean value (true or false)'],
    [{ city: 'Boston', consentGiven: 'yes' }, 'consentGiven must be a boolean value (true or false)'],
    [{ email: 'ada@example.org' }, 'email cannot be changed here: it belongs to the sign-in.'],
    [{ city: 'Boston', email: null }, /email/],
    [{ ttl: 7 }, 'Unknown field: ttl'],
    [{ userId: grace, city: 'Boston' }, 'Unknown field: userId'],
    [{ primaryLanguage: 'de' }, 'primaryLanguage must be one of en, zh, es, vi'],
    [{ secondaryLanguage: 'EN' }, 'secondaryLanguage must be one of en, zh, es, vi'],
    [{ primaryLanguage: 4 }, 'primaryLanguage must be one of en, zh, es, vi'],
    [{ phone: 617 }, /^phone /],
    [{ phone: '1'.repeat(51) }, 'phone must have at most 50 characters'],
    [{ city: 'a\u0007b' }, /^city /],
    [{ children: {} }, 'children must be a list'],
    [{ children: null }, 'children must be a list'],
    [{ children: [{ name: 'Linus' }] }, 'Missing required field: children.0.schoolCity'],
    [{ children: [{ name: '  ', schoolCity: 'Boston' }] }, 'children.0.name must not be blank'],
    [
      { children: [{ name: 'Linus', schoolCity: 'B', iepDocument: {} }] },
      'Unknown field: children.0.iepDocument',
    ],
    [
      {},
      'Nothing to change: send at least one of phone, primaryLanguage, secondaryLanguage, city, consentGiven, children.',
    ],
    [[], 'The body must be a JSON object.'],
  ]
  for (const [payload, message] of refused) {
    const answer = await put(family, ada, payload)
    expect(answer.statusCode, JSON.stringify(payload)).toBe(400)
    expect(Object.keys(answer.json())).toEqual(['message'])
    if (typeof message === 'string') expect(answer.json().message).toBe(message)
    else expect(answer.json().message).toMatch(message)
  }
  const bodiless = await family.as(ada, { method: 'PUT', url: '/profile' })
  expect(bodiless.statusCode).toBe(400)
  expect(await profileOf(family, ada)).toEqual(before)
})

test('children are matched by their id: changed, added, and left out', async () => {
  await using family = await startFamily()
  await put(family, ada, {
    children: [
      { name: 'Linus', schoolCity: 'Boston' },
      { name: 'Grace', schoolCity: 'Boston' },
    ],
  })
  const [linus, graceToo] = (await profileOf(family, ada)).children

  const changed = await put(family, ada, {
    children: [
      { childId: linus.childId.toUpperCase(), name: 'Linus B.', schoolCity: 'Quincy' },
      { name: 'Ada', schoolCity: 'Salem' },
      { childId: null, name: 'Alan', schoolCity: 'Salem' },
    ],
  })
  expect(changed.statusCode).toBe(200)
  const { children } = await profileOf(family, ada)
  expect(children.map((child: { name: string }) => child.name)).toEqual(['Linus B.', 'Ada', 'Alan'])
  expect(children[0]).toEqual({ childId: linus.childId, name: 'Linus B.', schoolCity: 'Quincy' })
  expect(children.map((child: { childId: string }) => child.childId)).not.toContain(graceToo.childId)

  const twice = await put(family, ada, { children: [children[0], children[0]] })
  expect(twice.statusCode).toBe(400)
  expect(twice.json()).toEqual({ message: 'children must not name a child twice' })
  await put(family, ada, { children: [] })
  expect((await profileOf(family, ada)).children).toEqual([])
})

test('a child with a document or an upload cannot be left out, and is named by its id alone', async () => {
  await using family = await startFamily()
  const withDocument = await family.child(ada, 'Linus the Secret')
  const document = await arrive(family.sql, { userId: ada, childId: withDocument })

  const refused = await put(family, ada, { city: 'Salem', children: [] })
  expect(refused.statusCode).toBe(400)
  expect(refused.json().message).toContain(withDocument)
  expect(refused.json().message).not.toContain('Linus')
  expect((await profileOf(family, ada)).city).toBe('')

  await sql`delete from iep.documents where iep_id = ${document}`.execute(family.sql)
  await sql`
    insert into iep.uploads (iep_id, child_id, user_id, object_key, file_name, expires_at)
    values (${document}, ${withDocument}, ${ada}, 'key', 'plan.pdf', now() + interval '1 minute')`.execute(
    family.sql,
  )
  expect((await put(family, ada, { children: [] })).json().message).toContain(withDocument)
  await sql`update iep.uploads set expires_at = now()`.execute(family.sql)
  expect((await put(family, ada, { children: [] })).json()).toEqual({
    message: `The child ${withDocument} has documents or uploads and cannot be left out. Delete its documents first.`,
  })
  await family.as(ada, { method: 'DELETE', url: `/profile/children/${withDocument}/documents` })
  expect((await put(family, ada, { children: [] })).statusCode).toBe(200)
})

test("somebody else's child is not the caller's to change, whether it exists or not", async () => {
  await using family = await startFamily()
  const theirs = await family.child(grace)
  for (const childId of [theirs, '00000000-0000-4000-8000-000000000000', 'no-id', '']) {
    const answer = await put(family, ada, { children: [{ childId, name: 'Mine', schoolCity: 'Here' }] })
    expect(answer.statusCode).toBe(403)
    expect(answer.json()).toEqual({ message: 'You may not do this: the id is not one of yours.' })
  }
  expect((await profileOf(family, grace)).children[0].name).toBe('Linus')
})

test('a child is added, and no more than twenty', async () => {
  await using family = await startFamily()
  const add = (payload: object, headers: Record<string, string> = {}) =>
    family.as(ada, { method: 'POST', url: '/profile/children', payload, headers })
  const added = await add({ name: 'Linus', schoolCity: 'Boston' })
  expect(added.statusCode).toBe(200)
  expect(added.json()).toEqual({
    message: 'Kid added successfully',
    childId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    createdAt: expect.any(Number),
    updatedAt: added.json().createdAt,
  })
  expect((await profileOf(family, ada)).children).toEqual([
    { childId: added.json().childId, name: 'Linus', schoolCity: 'Boston' },
  ])

  expect((await add({ name: 'Linus' })).json()).toEqual({ message: 'Missing required field: schoolCity' })
  expect((await add({ name: '', schoolCity: 'B' })).json()).toEqual({ message: 'name must not be blank' })
  expect((await add({ name: 'L', schoolCity: 'B', age: 7 })).json()).toEqual({
    message: 'Unknown field: age',
  })

  const more = await Promise.all(
    Array.from({ length: 25 }, (_, index) => add({ name: `Kid ${index}`, schoolCity: 'Boston' })),
  )
  expect(more.filter((answer) => answer.statusCode === 200).length).toBe(19)
  const tooMany = more.find((answer) => answer.statusCode !== 200)
  expect(tooMany?.statusCode).toBe(400)
  expect(tooMany?.json()).toEqual({ message: 'There can be at most 20 children.' })
})

test('a POST that is repeated with its Idempotency-Key adds one child', async () => {
  await using family = await startFamily()
  const add = (name: string, key = 'the-first') =>
    family.as(ada, {
      method: 'POST',
      url: '/profile/children',
      payload: { name, schoolCity: 'Boston' },
      headers: { 'idempotency-key': key },
    })
  const [first, again] = await Promise.all([add('Linus'), add('Linus')])
  expect(again.body).toBe(first.body)
  expect((await add('Grace')).statusCode).toBe(422)
  expect((await add('Grace', 'ü')).statusCode).toBe(400)
  expect((await profileOf(family, ada)).children.length).toBe(1)
})

test('only parents with a token of the pool come in', async () => {
  await using family = await startFamily()
  const { app, issuer } = family.web
  const nobody = await app.inject({ url: '/iep/profile' })
  expect(nobody.statusCode).toBe(401)
  expect(nobody.json()).toEqual({ message: 'A bearer token or a server key is needed.' })

  const key = { 'x-millrace-key': 'iep-test-key-0123456789' }
  for (const [method, url] of everyRoute) {
    const server = await app.inject({ method, url: `/iep${url}`, headers: key })
    expect(server.statusCode, url).toBe(403)
    expect(server.json()).toEqual({ message: 'This is for parents who are signed in.' })
  }
  const otherPool = await app.inject({
    url: '/iep/profile',
    headers: { authorization: `Bearer ${await issuer.cognito({ sub: ada })}` },
  })
  expect(otherPool.statusCode).toBe(401)
  expect((await family.as('../ada', { url: '/profile' })).statusCode).toBe(403)
  expect(await rows(family, 'iep.profiles')).toBe(0)
})

const child = '/profile/children/00000000-0000-4000-8000-000000000000/documents'
const everyRoute = [
  ['GET', '/profile'],
  ['PUT', '/profile'],
  ['POST', '/profile/children'],
  ['POST', '/signed-url-knowledge'],
  ['GET', child],
  ['DELETE', child],
  ['GET', `${child}/progress`],
  ['GET', `${child}/progress/events`],
  ['POST', `${child}:reprocess`],
] as const

test('the whole of it is in the document', async () => {
  await using family = await startFamily()
  const document = (await family.web.app.inject({ url: '/openapi.json' })).json()
  for (const [method, url] of everyRoute) {
    const path = `/iep${url}`.replace('00000000-0000-4000-8000-000000000000', '{childId}')
    expect(document.paths[path]?.[method.toLowerCase()]?.summary, path).toEqual(expect.any(String))
  }
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['IepProfile', 'IepDocument', 'IepProgress', 'IepSignedUrl']),
  )
})
