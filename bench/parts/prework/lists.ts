import { cpuOf } from '../../cpu.ts'
import { megabytes } from '../../memory.ts'
import { quantile } from '../../numbers.ts'
import type { Message } from '../../program.ts'
import type { Stack } from '../../stack.ts'
import { startWeb } from '../../web.ts'
import { startIssuer } from './issuer.ts'
import type { ListOrder, Read, Reader } from './lister.ts'
import { openPlace } from './place.ts'
import { lists, loadUsers, makeAdministrator, type List } from './users.ts'

/** One list read to its end, a hundred a page, by one reader; or what each request does before. Milliseconds. */
export interface Listing {
  measured: 'listing'
  list: List
  reader: Reader | 'who calls'
  users: number
  pages: number
  perSecond: number
  p50: number
  p99: number
  /** The middle of the first tenth of the pages, and of the last. */
  first: number
  last: number
}

/** What the web process took while it told a list, in megabytes resident, and of processor for each page. Linux only. */
export interface Telling {
  measured: 'telling'
  list: List
  before: number
  /** After each tenth of the time, or a little later. */
  meanwhile: number[]
  most: number
  cpu: number | undefined
}

export async function measureLists(
  stack: Stack,
  {
    users,
    warm,
    readers,
    say,
    heard,
  }: {
    users: number
    warm: number
    readers: Reader[]
    say: (line: string) => void
    heard: (sample: Listing | Telling) => void
  },
): Promise<void> {
  await using place = await openPlace(stack)
  const issuer = await startIssuer()
  stack.own(issuer)
  try {
    const loaded = await loadUsers(place.store, users, say)
    const { email } = await makeAdministrator(place.store)
    const signIn = { subject: `subject-of-${email}`, email, emailVerified: true }
    const web = await startWeb(stack, place.databaseUrl, { ...place.env, ...issuer.env })
    const lister = stack.start('parts/prework/lister.ts', { env: place.env })
    await lister.says('up')
    const order = { readers, url: web.url, token: await issuer.token(signIn), signIn, warm }
    for (const list of lists) {
      // The administrator is active as well, and of another role.
      const expected = loaded[list] + (list === 'active' ? 1 : 0)
      using watching = watchWeb(web.program.pid)
      lister.tell({ ...order, list } satisfies ListOrder)
      const { reads, whoCalls } = await lister.says<Message & Listed>('listed')
      const told = watching?.seen()
      for (const { reader, times, users: found, different } of reads) {
        if (found !== expected || different !== expected)
          throw new Error(`${reader} told ${found} users, ${different} different ones, of ${expected}.`)
        heard({ measured: 'listing', list, reader, users: found, ...numbersOf(times) })
      }
      if (!readers.includes('over HTTP')) continue
      heard({ measured: 'listing', list, reader: 'who calls', users: 0, ...numbersOf(whoCalls) })
      const pages = reads.find(({ reader }) => reader === 'over HTTP')?.times.length ?? 0
      if (told) heard({ measured: 'telling', list, ...told, cpu: told.cpu && told.cpu / (pages + warm) })
    }
    await lister.end()
    await web.program.end()
  } finally {
    await issuer.stop()
  }
}

interface Listed {
  reads: Read[]
  whoCalls: number[]
}

function numbersOf(times: number[]): Pick<Listing, 'pages' | 'perSecond' | 'p50' | 'p99' | 'first' | 'last'> {
  const tenth = Math.max(1, Math.floor(times.length / 10))
  return {
    pages: times.length,
    perSecond: (times.length * 1000) / times.reduce((sum, each) => sum + each, 0),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    first: quantile(times.slice(0, tenth), 0.5),
    last: quantile(times.slice(-tenth), 0.5),
  }
}

type Watched = Pick<Telling, 'before' | 'meanwhile' | 'most' | 'cpu'>

function watchWeb(pid: number): (Disposable & { seen(): Watched }) | undefined {
  if (process.platform !== 'linux') return undefined
  const before = megabytes(pid, 'VmRSS')
  const used = cpuOf(pid)
  const looks: number[] = []
  const looking = setInterval(() => looks.push(megabytes(pid, 'VmRSS')), 100)
  return {
    seen: () => {
      const usedNow = cpuOf(pid)
      return {
        before,
        meanwhile: Array.from(
          { length: 10 },
          (_, tenth) => looks[Math.ceil((looks.length * (tenth + 1)) / 10) - 1] ?? before,
        ),
        most: megabytes(pid, 'VmHWM'),
        cpu: used !== undefined && usedNow !== undefined ? (usedNow - used) * 1000 : undefined,
      }
    },
    [Symbol.dispose]: () => clearInterval(looking),
  }
}
