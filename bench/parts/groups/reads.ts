import { listNotifications } from '../../../src/domains/lockin/notifications.ts'
import { currentProgress } from '../../../src/domains/lockin/progress.ts'
import type { Database, Statement } from '../../../src/shared/database.ts'
import { quantile } from '../../numbers.ts'
import type { Size } from './size.ts'

/** How long one kind of read took. */
export interface Read {
  measured: 'read'
  what: 'progress' | 'first page' | 'page in the middle'
  contestant: 'millrace' | 'plain'
  times: number
  /** Milliseconds. */
  p50: number
  p99: number
}

const PAGE = 20

/** What the seed's words come to: the period by date_trunc and a naive end, whole logs, joins from the group down to them. */
export const plainView = `
create view bench.plain_progress as
with periods as (
  select g.*, date_trunc(case period when 'daily' then 'day' else 'week' end, now() at time zone timezone)
    at time zone timezone as period_start
  from lockin.groups g where status in ('pending', 'active')
), windows as (
  select p.*, greatest(period_start, start_at) as window_start,
    least(period_start + case period when 'daily' then interval '1 day' else interval '1 week' end, end_at) as window_end
  from periods p
)
select w.id as group_id, m.user_id,
  coalesce(sum(extract(epoch from l.ended_at - l.started_at)), 0)::integer as seconds_done,
  coalesce(m.override_period_target_minutes, w.period_target_minutes) as target_minutes,
  coalesce(sum(extract(epoch from l.ended_at - l.started_at)), 0)
    >= coalesce(m.override_period_target_minutes, w.period_target_minutes) * 60 as goal_met,
  w.window_start as period_start, w.window_end as period_end
from windows w
join lockin.group_members m on m.group_id = w.id
left join lockin.sessions s on s.group_id = w.id
left join lockin.session_participants p on p.session_id = s.id and p.user_id = m.user_id
left join lockin.time_logs l on l.participant_id = p.id and l.started_at < w.window_end and l.ended_at > w.window_start
group by w.id, m.user_id, m.override_period_target_minutes, w.period_target_minutes, w.window_start, w.window_end`

const plainProgress: Statement = {
  name: 'bench.plain-progress',
  text: 'select * from bench.plain_progress where group_id = $1 order by seconds_done desc',
}
const plainPage: Statement = {
  name: 'bench.plain-page',
  text: `select id, recipient_id, kind, status, title, body, group_id, sender_id, created_at, read_at
    from lockin.notifications where recipient_id = $1 order by created_at desc limit ${PAGE} offset $2`,
}

interface Member {
  group: string
  person: string
}
/** A page of somebody's inbox, known by what comes before it. */
interface Page {
  person: string
  skipped: number
  after: { createdAt: Date; id: string } | undefined
}

/** Reads one after the other, each contestant in turn, of groups and inboxes taken at random. */
export async function measureReads(
  database: Database,
  size: Size,
  { times, heard }: { times: number; heard: (read: Read) => void },
): Promise<Read[]> {
  await database.run({ name: 'bench.plain-view', text: plainView }, [])
  const members = await someMembers(database, size, times)
  const first = await somePages(database, size, times, 0)
  const middle = await somePages(database, size, times, Math.floor(size.perBusy * 0.9))
  const ours = ({ person, after }: Page) =>
    listNotifications(database.sql, person, { unread: false, after, limit: PAGE })
  const plain = ({ person, skipped }: Page) => database.run(plainPage, [person, skipped])

  const reads: Read[] = []
  const measure = async <Each>(what: Read['what'], all: Each[], ways: Ways<Each>): Promise<void> => {
    for (const contestant of ['millrace', 'plain'] as const) {
      const read: Read = { measured: 'read', what, contestant, ...(await time(all, ways[contestant])) }
      reads.push(read)
      heard(read)
    }
  }
  await measure('progress', members, {
    millrace: ({ group, person }) => currentProgress(database.sql, group, person),
    plain: ({ group }) => database.run(plainProgress, [group]),
  })
  await measure('first page', first, { millrace: ours, plain })
  await measure('page in the middle', middle, { millrace: ours, plain })
  return reads
}

type Ways<Each> = Record<Read['contestant'], (each: Each) => Promise<unknown[]>>

/** The first tenth is read twice, and only counted the second time. */
async function time<Each>(
  all: Each[],
  read: (each: Each) => Promise<unknown[]>,
): Promise<{ times: number; p50: number; p99: number }> {
  const took: number[] = []
  for (const [index, each] of [...all.slice(0, all.length / 10), ...all].entries()) {
    const began = performance.now()
    const rows = await read(each)
    const ms = performance.now() - began
    if (rows.length === 0) throw new Error('A read of the bench found nothing.')
    if (index >= Math.floor(all.length / 10)) took.push(ms)
  }
  return { times: took.length, p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}

const someMembers = (database: Database, { groups }: Size, times: number): Promise<Member[]> =>
  database.run<Member & object>(
    {
      name: 'bench.some-members',
      text: `select g.id as group, p.id as person
        from (select floor(random() * $2)::integer as n from generate_series(1, $1::integer)) dice
        join bench.groups g on g.n = dice.n
        join bench.people p on p.n = dice.n / 5 * 10`,
    },
    [times, groups],
  )

/** Pages of busy people, up to so many notifications from the top. */
const somePages = async (
  database: Database,
  { busy }: Size,
  times: number,
  skippedAtMost: number,
): Promise<Page[]> => {
  const found = await database.run<{ person: string; skipped: number; created_at: Date | null; id: string }>(
    {
      name: 'bench.some-pages',
      text: `select p.id as person, dice.skipped, last.created_at, last.id
        from (
          select floor(random() * $2)::integer as n, floor(random() * ($3 + 1))::integer as skipped
          from generate_series(1, $1::integer)
        ) dice
        join bench.people p on p.n = dice.n
        left join lateral (
          select created_at, id from lockin.notifications
          where recipient_id = p.id order by created_at desc, id desc limit 1 offset greatest(dice.skipped - 1, 0)
        ) last on dice.skipped > 0`,
    },
    [times, busy, skippedAtMost],
  )
  return found.map(({ person, skipped, created_at: createdAt, id }) => ({
    person,
    skipped,
    after: createdAt === null ? undefined : { createdAt, id },
  }))
}
