import type { Content, Finding, Translated } from '../../../../../src/domains/iep/content.ts'
import { checkAgainstPages } from '../../../../../src/domains/iep/faithful/check-pages.ts'
import { checkTranslation } from '../../../../../src/domains/iep/faithful/check-translation.ts'

/** What of a claim about one page that page does not say. */
export function unsaid(page: string, claim: string): string[] {
  const pages = new Map([
    [1, page],
    [2, 'An empty page.'],
    [3, 'Another page.'],
  ])
  const { findings } = checkAgainstPages(account(claim), pages)
  return values(findings.filter(({ kind }) => kind !== 'missing'))
}

/** What of a sentence became something else in its translation. */
export function changed(language: Translated, source: string, translation: string): string[] {
  const { findings } = checkTranslation(account(source), account(translation), language)
  return values(findings.filter(({ kind }) => kind !== 'language'))
}

function account(summary: string): Content {
  return { summary, summaryPages: [1], sections: [] }
}

function values(findings: Finding[]): string[] {
  return findings.map(({ value }) => value)
}
