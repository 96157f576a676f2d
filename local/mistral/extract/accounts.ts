import { fieldsOf, type Fields } from '../protocol.ts'
import { parsed } from '../written.ts'
import { absent, extractLabel, type CitedSource, type Extracted } from './extract.ts'
import { topicOf } from './topics.ts'

/**
 * Accounts of the parts of a document, each under a line such as `=== part 2 ===`, put together: what they say about
 * something stands one below the other, and cites what they cite.
 */
export class Accounts implements CitedSource {
  readonly #accounts: Fields[]

  /** Undefined if what was said is about something else. */
  static in(messages: readonly string[]): Accounts | undefined {
    const accounts = messages
      .flatMap((message) => message.split(/^\s*={3,}\s*/m).slice(1))
      .flatMap((part) => {
        const [, json = ''] = /^part\s+\d+\s*={3,}\s*$(.*)/ims.exec(part) ?? []
        const account = fieldsOf(parsed(json))
        return account ? [account] : []
      })
    return accounts.length ? new Accounts(accounts) : undefined
  }

  private constructor(accounts: Fields[]) {
    this.#accounts = accounts
  }

  about(key: string): Extracted {
    const { title } = topicOf(key)
    const sections = this.#accounts.flatMap((account) =>
      list(account.sections).map((section) => fieldsOf(section) ?? {}),
    )
    const found = sections.filter((section) => section.key === key && section.found !== false)
    if (found.length === 0)
      return { title, text: `${absent} ${title.toLowerCase()}.`, found: false, pages: [] }
    return { title, found: true, ...together(found, 'content', 'pages') }
  }

  summary(): Extracted {
    return { title: 'Summary', found: true, ...together(this.#accounts, 'summary', 'summaryPages') }
  }
}

/** Texts below one another under one label, as far as there is room; and the pages of those. */
function together(fields: readonly Fields[], text: string, pages: string): { text: string; pages: number[] } {
  const texts: string[] = []
  const cited = new Set<number>()
  for (const account of fields) {
    const own = account[text]
    const said = typeof own === 'string' ? own.replace(extractLabel, '').trim() : ''
    if (texts.length && texts.join('').length + said.length > most) break
    if (said !== '' && !texts.includes(said)) texts.push(said)
    for (const page of list(account[pages])) cited.add(Number(page))
  }
  return { text: [extractLabel, ...texts].join('\n\n'), pages: [...cited].sort((a, b) => a - b) }
}

const most = 4000

const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
