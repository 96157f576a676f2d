import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { enter, type Entry } from '../../../src/jobs/ledger/enter.ts'
import { timeOrderedId } from '../../../src/shared/ids.ts'
import { createWorld } from '../../support/world.ts'

const texts = ['null', 'NULL', '', '"', '\\', '\\"', '{}', '{"a",b}', "it's", 'two\nlines', ' a, b ', 'é漢😀']

test('what is asked for is kept to the letter, whatever letters they are', async () => {
  await using world = await createWorld()
  const entries = [...texts, null].map((text, index): Entry => ({
    id: timeOrderedId(),
    name: 'millrace.test',
    queue: 'quick',
    key: `${text} ${index}`,
    owner: text,
    data: { text, list: [text] },
    attempts: index + 1,
    closes: index % 2 === 0,
    trace: `${text}`,
    delay: index / 2,
    again: 'never',
    asides: [],
  }))
  await enter(world.database.run, entries)
  const another = { ...(entries[0] as Entry), id: timeOrderedId(), key: 'another' }
  expect(await enter(world.database.run, [...entries, another])).toMatchObject(
    [...entries, another].map(({ id }) => ({ id, decision: 'entered' })),
  )
  await sql`delete from millrace.jobs where id = ${another.id}`.execute(world.database.sql)

  const kept = await sql`
    select id, name, queue, key, owner, data, max_attempts as attempts, closes, trace,
      (extract(epoch from run_at - asked_at) * 1000)::float8 as delay
    from millrace.jobs order by max_attempts`.execute(world.database.sql)
  expect(kept.rows).toEqual(entries.map(({ again: _again, asides: _asides, ...entry }) => entry))
})
