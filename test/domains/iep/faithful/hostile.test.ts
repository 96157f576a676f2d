import { expect, test } from 'vitest'
import type { Content } from '../../../../src/domains/iep/content.ts'
import { checkAgainstPages } from '../../../../src/domains/iep/faithful/check-pages.ts'
import { checkTranslation } from '../../../../src/domains/iep/faithful/check-translation.ts'
import { sentencesOf } from '../../../../src/domains/iep/faithful/sentences.ts'

/** Texts that make careless patterns, recursion and comparisons of all with all take for ever. */
const texts: [what: string, text: string][] = [
  ['one bracket after another', '![['.repeat(10_000)],
  ['formulas that do not end', String.raw`$\mathrm{`.repeat(5_000)],
  ['one number after another', '1-'.repeat(15_000)],
  ['one long number', '9'.repeat(25_000)],
  ['numbers with commas', '1,'.repeat(15_000)],
  ['ratios', '1 of '.repeat(7_000)],
  ['and, and, and', '30 and '.repeat(5_000)],
  ['the same amount', '30 minutes per week. '.repeat(2_000)],
  ['many amounts', Array.from({ length: 2_000 }, (_, n) => `${n} minutes per week`).join(', ')],
  ['units alone', 'minutes per week '.repeat(2_000)],
  ['hundreds of hundreds', 'hundred thousand '.repeat(2_000)],
  ['Chinese numerals', '十万'.repeat(10_000)],
  ['Vietnamese hundreds', 'một trăm '.repeat(3_000)],
  ['capital letters', 'Ada Grace Linus '.repeat(2_000)],
  ['names with hyphens', 'Ada-'.repeat(7_000)],
  ['bars', '|'.repeat(25_000)],
  ['a table without end', '| a | 1 |\n'.repeat(2_000)],
  ['a table with a rule', `| a | b |\n| --- | --- |\n${'| a 1 | 2 |\n'.repeat(1_000)}`],
  ['quotes', '> '.repeat(12_000)],
  ['rules', '- '.repeat(12_000)],
  ['dots', '.'.repeat(25_000)],
  ['line breaks', '\n'.repeat(25_000)],
  ['spaces', ' '.repeat(50_000)],
  ['stars', '*'.repeat(25_000)],
  ['one long word', 'a'.repeat(50_000)],
  ['combining marks', `a${'\u0301'.repeat(12_000)}`],
  ['broken characters', '\uD800 30 minutes \uDFFF \u0000 per week'.repeat(1_000)],
]

test.for(texts)('%s comes to an end', ([, text]) => {
  const content: Content = { summary: text, summaryPages: [1, 2], sections: [] }
  const pages = new Map([
    [1, text],
    [2, 'Ada Grace Linus: 30 minutes per week.'],
  ])

  expect(sentencesOf(text).every((sentence) => text.includes(sentence))).toBe(true)
  expect(checkAgainstPages(content, pages).findings.length).toBeGreaterThan(0)
  for (const language of ['es', 'zh', 'vi'] as const)
    expect(checkTranslation(content, content, language).findings.length).toBeGreaterThanOrEqual(0)
})
