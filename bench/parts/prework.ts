import { median, quantile, shortly, spread } from '../numbers.ts'
import type { Setting } from '../setting.ts'
import type { Table } from '../tables.ts'
import { measureLists, type Listing, type Telling } from './prework/lists.ts'
import { atOnces, measurePictures, ways, type Pictures } from './prework/pictures.ts'
import type { Reader } from './prework/lister.ts'

export type PreworkSample = Pictures | Listing | Telling

/** Pre-Work: what is made of photographs that were uploaded, and long lists of users. */
export async function prework({
  stack,
  options,
  say,
}: Setting): Promise<{ tables: Table[]; samples: PreworkSample[] }> {
  const { quick, rounds } = options
  const isWanted = (name: string): boolean => options.wants(name.startsWith('bare') ? 'plain' : 'millrace')

  const pictures: Pictures[] = []
  await measurePictures(stack, {
    quick,
    rounds,
    say,
    wants: isWanted,
    heard: (sample) => {
      pictures.push(sample)
      const { way, atOnce, perSecond, p50, memory } = sample
      say(
        `pictures, ${way}, ${atOnce} at once: ${shortly(perSecond)}/s, p50 ${shortly(p50)} ms, at most ${shortly(memory?.together ?? Number.NaN)} MB`,
      )
    },
  })

  const listings: Listing[] = []
  const tellings: Telling[] = []
  await measureLists(stack, {
    users: quick ? 2000 : 100_000,
    warm: quick ? 5 : 30,
    readers: (['over HTTP', 'listUsers', 'bare query'] satisfies Reader[]).filter(isWanted),
    say,
    heard: (sample) => {
      if (sample.measured === 'telling') {
        tellings.push(sample)
        return
      }
      listings.push(sample)
      const { list, reader, p50, p99, first, last } = sample
      say(
        `users by ${list}, ${reader}: p50 ${shortly(p50)} ms, p99 ${shortly(p99)} ms, first pages ${shortly(first)} ms, last pages ${shortly(last)} ms`,
      )
    },
  })
  return {
    samples: [...pictures, ...listings, ...tellings],
    tables: [
      ofPictures(pictures),
      ofListings(listings),
      ...(tellings.length > 0 ? [ofTellings(tellings)] : []),
    ],
  }
}

const many = (count: number): string => count.toLocaleString('en-US')

function ofPictures(samples: Pictures[]): Table {
  const cases = atOnces.flatMap((atOnce) => ways.map((way) => ({ way, atOnce })))
  const of = ({ way, atOnce }: (typeof cases)[number]): Pictures[] =>
    samples.filter((each) => each.way === way && each.atOnce === atOnce)
  const rate = (one: (typeof cases)[number]): number => median(of(one).map(({ perSecond }) => perSecond))
  const [first] = samples
  return {
    title: `(i) Photographs of ${Math.round(first?.megapixels ?? 0)} megapixels: a clean copy and two thumbnails of each`,
    columns: [
      '',
      'the whole job is × this',
      'pictures/s',
      'least…most',
      'p50 ms',
      'p99 ms',
      'CPU ms each',
      'of the stores',
      'MB at most',
      'in itself',
      'in one it starts',
      'photographs',
    ],
    rows: cases
      .filter((one) => of(one).length > 0)
      .map((one) => {
        const measured = of(one)
        const times = measured.flatMap((each) => each.times)
        const middle = (numbers: (number | undefined)[]): string => {
          const known = numbers.filter((each) => each !== undefined)
          return known.length > 0 ? shortly(median(known)) : '-'
        }
        const whole = { ...one, way: 'whole job' } as const
        return [
          `${one.atOnce} at once: ${labels[one.way]}`,
          one.way === 'whole job' ? '' : ratio(rate(whole) / rate(one)),
          shortly(rate(one)),
          spread(measured.map(({ perSecond }) => perSecond)),
          shortly(quantile(times, 0.5)),
          shortly(quantile(times, 0.99)),
          middle(measured.map(({ cpu }) => cpu?.maker)),
          one.way === 'whole job' ? middle(measured.map(({ cpu }) => cpu?.stores)) : '-',
          middle(measured.map(({ memory }) => memory?.together)),
          middle(measured.map(({ memory }) => memory?.itself)),
          middle(measured.map(({ memory }) => memory?.started || undefined)),
          String(times.length),
        ]
      }),
    notes: [
      'Bare: sharp in one process, as it comes. MB at most: resident in all processes of a contestant together, looked at every 20 ms; in one process by the kernel’s own book.',
      'With so few photographs p99 is the slowest of them.',
    ],
  }
}

const labels: Record<Pictures['way'], string> = {
  'bare thumbnails': 'bare sharp, the thumbnails only',
  'bare, all three': 'bare sharp, all three',
  guarded: 'the guarded process',
  'whole job': 'millrace, from the event to completed',
}

const ratio = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '-')

function ofListings(samples: Listing[]): Table {
  const most = Math.max(...samples.map(({ users }) => users))
  const bare = (list: Listing['list']): number =>
    samples.find((each) => each.list === list && each.reader === 'bare query')?.p50 ?? Number.NaN
  return {
    title: `(i) Lists of up to ${many(most)} users, a hundred a page, to their end`,
    columns: [
      '',
      'p50 × the bare query',
      'pages/s',
      'p50 ms',
      'p99 ms',
      'first pages ms',
      'last pages ms',
      'last × first',
      'users',
      'pages',
    ],
    rows: samples.map(({ list, reader, perSecond, p50, p99, first, last, users, pages }) => [
      `${list === 'active' ? 'all who are active' : 'those of a role'}: ${namesOfReaders[reader]}`,
      reader === 'bare query' ? '' : ratio(p50 / bare(list)),
      reader === 'who calls' ? '' : shortly(perSecond),
      shortly(p50),
      shortly(p99),
      ...(reader === 'who calls'
        ? ['', '', '', '']
        : [shortly(first), shortly(last), ratio(last / first), many(users)]),
      String(pages),
    ]),
    notes: [
      'In turns, the same page by each of them, one reader at a time. Each told every user exactly once. First and last pages: the middle of the first and of the last tenth.',
      'The DynamoDB is a stand-in on this machine, without the network to Amazon’s.',
    ],
  }
}

const namesOfReaders: Record<Listing['reader'], string> = {
  'over HTTP': 'millrace over HTTP, with a token',
  'who calls': 'of it, finding out who calls',
  listUsers: 'millrace, its own function',
  'bare query': 'the bare SDK',
}

function ofTellings(samples: Telling[]): Table {
  return {
    title: '(i) The web process while it tells a list, in MB resident',
    columns: ['', 'before', 'after a tenth', 'half', 'the end', 'most', 'CPU ms a page'],
    rows: samples.map(({ list, before, meanwhile, most, cpu }) => [
      list === 'active' ? 'all who are active' : 'those of a role',
      ...[before, meanwhile[0], meanwhile[4], meanwhile[9], most, cpu].map((each) =>
        shortly(each ?? Number.NaN),
      ),
    ]),
  }
}
