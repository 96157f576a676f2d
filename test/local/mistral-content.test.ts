import { Mistral } from '@mistralai/mistralai'
import { eld } from 'eld/medium'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { Dial } from '../../local/mistral/dials.ts'
import { extractLabel } from '../../local/mistral/extract/extract.ts'
import { startMistral, type MistralStack } from '../../local/mistral/server.ts'
import { content, sectionKeys, type Content } from '../../src/domains/iep/content.ts'
import { checkAgainstPages } from '../../src/domains/iep/faithful/check-pages.ts'

let stack: MistralStack | undefined

afterEach(async () => {
  await stack?.stop()
  stack = undefined
})

const document = `=== page 1 ===
# Individualized Education Program
Student: Ada Lovelace
Northfield School District - Page 1 of 4

=== page 2 ===
## 1. Present Levels of Academic Achievement and Functional Performance
Ada is in 4th grade. In reading, Ada reads 62 words per minute with 85% accuracy, as assessed on
October 3, 2026 by Ms. Grace Hopper. Her goal is fluency.
## Strengths
Ada enjoys mathematics and is proud of her drawings.
Northfield School District - Page 2 of 4

=== page 3 ===
MEASURABLE ANNUAL GOALS
1. By June 12, 2027, Ada will read 90 words per minute in 4 out of 5 trials.
2. Ada will write three paragraphs.
Special Education and Related Services
| Service | Frequency | Provider |
| --- | --- | --- |
| Speech therapy | 30 minutes per week | Linus Pauling |
| Reading support | 45 minutes, 3 times a week | Grace Hopper |
Northfield School District - Page 3 of 4

=== page 4 ===
## Accommodations
- Extended time (1.5x) on tests
- A seat near the teacher
## IEP Team Members
Grace Hopper, special education teacher
Northfield School District - Page 4 of 4`

test('labelled pages are quoted section by section, and the quotes cite their pages', async () => {
  const { summarise } = await start()

  const answer = content.parse(await summarise())

  expect(answer.sections.map(({ key }) => key)).toEqual(sectionKeys)
  expect(section(answer, 'presentLevels')).toMatchObject({
    title: 'Present levels',
    found: true,
    pages: [2],
    content:
      '[This is an extract, made without a language model]\n\nAda is in 4th grade. In reading, Ada reads 62 words per minute with ' +
      '85% accuracy, as assessed on October 3, 2026 by Ms. Grace Hopper. Her goal is fluency.',
  })
  expect(section(answer, 'goals')).toMatchObject({
    pages: [3],
    content: expect.stringMatching(
      /^1\. By June 12, 2027.*\n2\. Ada will write three paragraphs\.$/m,
    ) as string,
  })
  expect(section(answer, 'services')?.content).toContain(
    '| --- | --- | --- |\n| Speech therapy | 30 minutes per week | Linus Pauling |',
  )
  expect(section(answer, 'keyPeople')?.content).toContain('Grace Hopper, special education teacher')
  expect(section(answer, 'placement')).toMatchObject({ found: false, pages: [] })
  expect(JSON.stringify(answer)).not.toContain('Northfield School District') // stands on every page
  expect(answer.summary).toMatch(/^\[This is an extract, made without a language model\]\n\n/)
  for (const sentence of answer.summary.split('\n\n')[1]?.match(/[^.]*June 12[^.]*\./g) ?? ['none'])
    expect(document).toContain(sentence.trim())
  expect(answer.summaryPages).toEqual([2, 3, 4])
})

test('what is quoted holds against the pages, by the checks that a parent relies on', async () => {
  const { summarise } = await start()

  const answer = content.parse(await summarise())

  const parts = document.split(/^=== page (\d+) ===$/m).slice(1)
  const pages = new Map([0, 2, 4, 6].map((at): [number, string] => [Number(parts[at]), parts[at + 1] ?? '']))
  const { findings, checked } = checkAgainstPages(answer, pages)
  expect(findings).toEqual([])
  expect(checked).toBeGreaterThan(20)
})

test('accounts of parts are put together, each thing with the pages it had', async () => {
  const { summarise } = await start()
  const part = (pages: string) => summarise(pages).then((answer) => JSON.stringify(answer))
  const first = await part('=== page 1 ===\n## Goals\nAda will read 90 words per minute.')
  const second = await part('=== page 2 ===\n## Goals\nAda will write.\n## Strengths\nAda draws very well.')

  const answer = content.parse(
    await summarise(`=== part 1 ===\n${first}\n\n=== part 2 ===\n${second}\n\n=== end of the parts ===`),
  )

  expect(section(answer, 'goals')).toMatchObject({
    found: true,
    pages: [1, 2],
    content: `${extractLabel}\n\nAda will read 90 words per minute.\n\nAda will write.`,
  })
  expect(section(answer, 'strengths')?.pages).toEqual([2])
  expect(section(answer, 'services')).toMatchObject({ found: false, pages: [] })
  expect(answer.summaryPages).toEqual([1, 2])
})

test('a document that has no headings is searched by its words', async () => {
  const { summarise } = await start()
  const pages = '=== page 7 ===\nLinus enjoys music.\nHe receives speech therapy for 20 minutes per week.'

  const answer = content.parse(await summarise(pages))

  expect(section(answer, 'strengths')).toMatchObject({
    pages: [7],
    content: expect.stringContaining('Linus enjoys music.') as string,
  })
  expect(section(answer, 'services')?.content).toContain('20 minutes per week')
  expect(section(answer, 'services')?.content).not.toContain('music')
})

test('a translation is none and says so, but is in its language and loses no number, date, name or line', async () => {
  const { summarise, translate } = await start()
  const english = content.parse(await summarise())

  const spanish = content.parse(await translate(english, 'Spanish'))
  const chinese = content.parse(await translate(english, 'Simplified Chinese'))
  const vietnamese = content.parse(await translate(english, 'Vietnamese'))

  for (const [language, translated] of Object.entries({ es: spanish, zh: chinese, vi: vietnamese })) {
    expect(translated.summaryPages).toEqual(english.summaryPages)
    expect(eld.detect(translated.summary).language).toBe(language)
    for (const [index, { key, found, pages, content }] of translated.sections.entries()) {
      const source = english.sections[index]
      expect({ key, found, pages }).toEqual({ key: source?.key, found: source?.found, pages: source?.pages })
      expect(marksOf(content)).toEqual(marksOf(source?.content ?? ''))
      expect(eld.detect(content).language).toBe(language)
    }
  }
  expect(spanish.summary).toContain('esto no es una traducción')
  expect(section(spanish, 'goals')?.content).toContain('12 de junio de 2027; Ada')
  expect(section(spanish, 'goals')?.content).toContain('4 de 5 intentos')
  expect(section(spanish, 'services')?.content).toContain('| 30 minutos por semana | Linus Pauling |')
  expect(section(chinese, 'services')?.content).toContain('| 45分钟；每周3次 | Grace Hopper |')
  expect(section(chinese, 'presentLevels')?.content).toContain('2026年10月3日；Grace Hopper')
  expect(section(chinese, 'goals')?.title).toBe('目标')
  expect(section(vietnamese, 'services')?.content).toContain('| 30 phút mỗi tuần |')
  expect(section(vietnamese, 'presentLevels')?.content).toContain('ngày 3 tháng 10 năm 2026')
  expect(section(vietnamese, 'presentLevels')?.content).toContain('lớp 4')
})

test('a number, a name or a page that nobody gave is in the answer, once', async () => {
  const { summarise, dials } = await start()
  const right = content.parse(await summarise())
  const spoilt = async (dial: Dial) => {
    dials.set(dial)
    const answer = content.parse(await summarise())
    expect(content.parse(await summarise())).toEqual(right)
    return answer
  }

  const changed = await spoilt({ does: 'invent-number', place: 'services', number: 55 })
  expect(section(changed, 'services')?.content).toContain('| 55 minutes per week |')
  const added = await spoilt({ does: 'invent-number', how: 'add', place: 'summary' })
  expect(added.summary).toContain('(9173).')
  const named = await spoilt({ does: 'invent-name', place: 'goals' })
  expect(section(named, 'goals')?.content).toMatch(/paragraphs \(Barnaby Nettlecombe\)\.$/)
  const cited = await spoilt({ does: 'miscite', place: 'goals', page: 400 })
  expect(section(cited, 'goals')?.pages).toEqual([3, 400])
  const miscited = await spoilt({ does: 'miscite', how: 'replace', place: 'summary' })
  expect(miscited.summaryPages).toEqual([9999])
})

test('sections are missing, or empty', async () => {
  const { summarise, dials } = await start()

  dials.set({ does: 'omit-section', keys: ['goals', 'services'] })
  const lacking = content.parse(await summarise())
  dials.set({ does: 'omit-section', keys: ['goals'], how: 'empty' })
  const silent = content.parse(await summarise())

  expect(lacking.sections).toHaveLength(sectionKeys.length - 2)
  expect(section(lacking, 'goals')).toBeUndefined()
  expect(section(silent, 'goals')).toMatchObject({ found: false, content: '', pages: [] })
})

test('a translation loses an item, or is not in its language', async () => {
  const { summarise, translate, dials } = await start()
  const english = content.parse(await summarise())

  dials.set({ does: 'break-structure', place: 'services' })
  const broken = content.parse(await translate(english, 'Spanish'))
  dials.set({ does: 'wrong-language' })
  const untranslated = content.parse(await translate(english, 'Spanish'))
  dials.set({ does: 'wrong-language', language: 'vi' })
  const vietnamese = content.parse(await translate(english, 'Spanish'))

  const rows = (of: Content) => section(of, 'services')?.content.match(/^\|/gm)?.length
  expect(rows(broken)).toBe((rows(english) ?? 0) - 1)
  expect(untranslated).toEqual(english)
  expect(eld.detect(vietnamese.summary).language).toBe('vi')
})

test('a summary comes in another language than English', async () => {
  const { summarise, dials } = await start()
  dials.set({ does: 'wrong-language', language: 'es' })

  const answer = content.parse(await summarise())

  expect(eld.detect(answer.summary).language).toBe('es')
  expect(answer.summaryPages).toEqual([2, 3, 4])
})

test('the model refuses, in plain text or in every field', async () => {
  const { summarise, raw, dials } = await start()

  dials.set({ does: 'refuse' })
  const text = await raw()
  dials.set({ does: 'refuse', how: 'fields' })
  const fields = content.parse(await summarise())

  expect(text).toBe("I'm sorry, but I can't help with this document.")
  expect(fields.summary).toBe(text)
  expect(fields.sections.map(({ key }) => key)).toEqual(sectionKeys)
})

test('a dial waits for the call that it is about', async () => {
  const { summarise, translate, dials } = await start()
  const english = content.parse(await summarise())
  dials.set({ does: 'fail', containing: 'Vietnamese', times: 2 })

  const [spanish, vietnamese] = await Promise.allSettled([
    translate(english, 'Spanish'),
    translate(english, 'Vietnamese'),
  ])

  expect([spanish.status, vietnamese.status]).toEqual(['fulfilled', 'rejected'])
  expect(dials.pending()).toMatchObject([{ does: 'fail', times: 1 }])
})

async function start() {
  stack = await startMistral()
  const mistral = new Mistral({
    apiKey: stack.apiKey,
    serverURL: stack.url,
    retryConfig: { strategy: 'none' },
  })
  const ask = async (system: string, user: string): Promise<string> => {
    const answer = await mistral.chat.complete({
      model: 'mistral-small-2603',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: user },
      ],
      responseFormat: {
        type: 'json_schema',
        jsonSchema: { name: 'content', schemaDefinition: z.toJSONSchema(content), strict: true },
      },
    })
    return z.string().parse(answer.choices[0]?.message?.content)
  }
  const raw = (pages = document) => ask('Summarise the pages for a parent.', `The document:\n\n${pages}`)
  return {
    dials: stack.dials,
    raw,
    summarise: async (pages?: string): Promise<unknown> => JSON.parse(await raw(pages)),
    translate: async (source: Content, language: string): Promise<unknown> =>
      JSON.parse(await ask(`Translate from English into ${language}.`, JSON.stringify(source, null, 2))),
  }
}

const section = (of: Content, key: string) => of.sections.find((section) => section.key === key)

/** What kind of line each one is. */
const marksOf = (text: string): string[] =>
  text.split('\n').map((line) => /^(?:\s*$|#+ |[-*] |\d+\. |\|[\s:|-]+\|$|\|)/.exec(line)?.[0] ?? 'text')
