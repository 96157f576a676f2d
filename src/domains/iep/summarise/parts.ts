import type { Settled } from '../prompts/until-right.ts'

/** Accounts in order, as many together as fit into `most` characters, and at least two, so that merging ends. */
export function inGroups(accounts: Settled[], most: number): Settled[][] {
  const groups: Settled[][] = []
  let room = 0
  for (const account of accounts) {
    const { length } = textOf(account)
    const group = groups.at(-1)
    if (!group || (length > room && group.length >= 2)) {
      groups.push([account])
      room = most - length
    } else {
      group.push(account)
      room -= length
    }
  }
  return groups
}

/** What a merging question shows of accounts: only the sections that they have something on. */
export function partsOf(accounts: Settled[]): { label: string; text: string }[] {
  return accounts.map((account, index) => ({ label: `part ${index + 1}`, text: textOf(account) }))
}

function textOf({ content }: Settled): string {
  const { summary, summaryPages, sections } = content
  const found = sections.filter((section) => section.found)
  return JSON.stringify({
    summary,
    summaryPages,
    sections: found.map(({ key, content, pages }) => ({ key, content, pages })),
  })
}
