import { fastify } from 'fastify'
import pg from 'pg'
import { given, onEnd, say } from './say.ts'

// The same tables, written to straight from the handler in one statement: no job, no caller, no check, no log.
const pool = new pg.Pool({ connectionString: given('DATABASE_URL'), max: Number(given('DATABASE_POOL')) })
const app = fastify({ logger: false })
app.post<{
  Body: { provider: string; provider_id: string; email: string; name: string; avatar: string | null }
}>('/auth/ensure-user', async (request, reply) => {
  const { provider, provider_id, email, name, avatar } = request.body
  const { rows } = await pool.query({
    name: 'ensure-user',
    text: `
with written as (
  insert into rundi.users (email, email_verified, name, avatar) values ($1, true, $2, $3)
  on conflict (lower(email)) do update set name = excluded.name, avatar = excluded.avatar
  returning *, xmax = 0 as created
), identity as (
  insert into rundi.identities (provider, provider_id, user_id) select $4, $5, id from written
  on conflict (provider, provider_id) do nothing
)
select * from written`,
    values: [email, name, avatar, provider, provider_id],
  })
  const { created, ...user } = rows[0] as Record<string, unknown>
  return reply.code(created ? 201 : 200).send({ ...user, provider, provider_id })
})
await app.listen({ host: '127.0.0.1', port: Number(given('PORT')) })
say('up')
onEnd(async () => {
  await app.close()
  await pool.end()
})
