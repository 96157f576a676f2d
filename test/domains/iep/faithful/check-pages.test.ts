import { expect, test } from 'vitest'
import { sectionKeys, type Content, type Finding, type Place } from '../../../../src/domains/iep/content.ts'
import { checkAgainstPages } from '../../../../src/domains/iep/faithful/check-pages.ts'
import { wordsOf } from '../../../../src/domains/iep/faithful/findings.ts'
import { changedDigits, only, places, textAt, withText } from './samples/change.ts'
import { english } from './samples/english.ts'
import { pages } from './samples/pages.ts'

test('a faithful account of twelve pages has no findings', () => {
  const { findings, checked } = checkAgainstPages(english, pages)

  expect(findings).toEqual([])
  expect(checked).toBeGreaterThan(100)
})

test('a page that is quoted whole is faithful to itself', () => {
  for (const [number, text] of pages) {
    const { findings } = checkAgainstPages({ summary: text, summaryPages: [number], sections: [] }, pages)

    expect(findings.filter(({ kind }) => kind !== 'missing')).toEqual([])
  }
})

test('a digit that is changed is found, unless the pages say the other value as well', () => {
  const cited = (place: Place): Map<number, string> => {
    const numbers = wordsOf(english).find((words) => words.place === place)?.pages ?? []
    return new Map([...pages].filter(([number]) => numbers.includes(number)))
  }
  const alsoTrue = [
    'March 19, 2026', // when occupational therapy begins
    'June 12 to', // when the first objective is due
    'ummer of 2016', // the year of birth
    'ummer of 2022', // when Ada was first eligible
    'ummer of 2024',
    'ummer of 2027',
  ]
  const unseen = places.flatMap((place) =>
    Array.from(changedDigits(textAt(english, place)))
      .filter(
        ({ text }) =>
          valueFindings(checkAgainstPages(withText(only(english, place), place, text), cited(place)))
            .length === 0,
      )
      .map(({ around }) => `${place}: ${around}`),
  )

  expect(unseen.filter((one) => !alsoTrue.some((known) => one.includes(known)))).toEqual([])
})

/** What a page says, what is claimed of it, and what of that is not there. */
const claims: [page: string, claim: string, unsaid: string[]][] = [
  // Amounts of time
  ['Speech therapy: 30 minutes per week.', 'She gets 30 minutes of speech therapy per week.', []],
  [
    'Speech therapy: 30 minutes per week.',
    'She gets 45 minutes of speech therapy per week.',
    ['45 minutes of speech therapy per week'],
  ],
  [
    'Speech therapy: 30 minutes per week.',
    'She gets 30 minutes of speech therapy per month.',
    ['30 minutes of speech therapy per month'],
  ],
  [
    'Speech therapy: 30 minutes per week.',
    'She gets 30 hours of speech therapy per week.',
    ['30 hours of speech therapy per week'],
  ],
  ['See page 30. Speech therapy weekly.', 'Speech therapy lasts 30 minutes.', ['30 minutes']],
  ['The child is in room 30.', 'The session lasts 30 minutes.', ['30 minutes']],
  ['Speech: 90 minutes weekly', 'Speech therapy is 1.5 hours a week.', []],
  ['Speech: 1 hour and 30 minutes each week', 'Speech therapy is 90 minutes per week.', []],
  ['Speech: 90 min/wk', 'Speech therapy is an hour and a half every week.', []],
  ['A session lasts half an hour.', 'A session lasts 30 minutes.', []],
  ['A session lasts thirty (30) minutes.', 'A session lasts 30 minutes.', []],
  ['A session lasts 30 minutes.', 'A session lasts thirty minutes.', []],
  ['A session lasts 30 minutes.', 'A session lasts thirteen minutes.', ['thirteen minutes']],
  [
    '30 min x 2 Totaling: 60 min served Weekly',
    'She gets 30 minutes, 2 times per week, which is 60 minutes per week.',
    [],
  ],
  ['30 min x 2 Totaling: 60 min served Weekly', 'She gets 30 minutes per week.', ['30 minutes per week']],
  ['Therapy is 30 minutes, 3x/week.', 'Therapy takes place three times a week for 30 minutes.', []],
  ['Therapy is 30 minutes, 3x/week.', 'Therapy is 30 minutes, 2 times per week.', ['2 times per week']],
  ['Therapy is 30 minutes, 3x/week.', 'Therapy is 30 minutes per week.', ['30 minutes per week']],
  ['Therapy twice weekly', 'Therapy is given 2 times per week.', []],
  ['Therapy twice weekly', 'Therapy is given once a week.', ['once a week']],
  ['Counseling 1 x month', 'Counseling is given once a month.', []],
  ['Counseling monthly', 'Counseling is given weekly.', ['weekly']],
  ['Consultation every other week', 'The teacher is advised every two weeks.', []],
  ['| Service | Minutes per week |\n|---|---|\n| Speech | 60 |', 'Speech therapy: 60 minutes per week.', []],
  [
    '| Service | Minutes per week |\n|---|---|\n| Speech | 60 |',
    'Speech therapy: 60 minutes per month.',
    ['60 minutes per month'],
  ],
  [
    '| Service | Minutes | Frequency |\n|---|---|---|\n| Speech | 60 | weekly |',
    'Speech therapy: 60 minutes per week.',
    [],
  ],
  [
    '| Service | Minutes | Times | Per |\n|---|---|---|---|\n| Speech | 30 | 2 | Week |',
    'Speech therapy: 30 minutes, 2 times per week.',
    [],
  ],
  [
    '| Service | Minutes | Times | Per |\n|---|---|---|---|\n| Speech | 30 | 2 | Week |',
    'Speech therapy: 30 minutes per week.',
    ['30 minutes per week'],
  ],
  ['**Duration:** 60 minutes\n\n**Frequency:** Weekly', 'The service is 60 minutes per week.', []],
  [
    '| Speech | 30 min/week |\n| Occupational therapy | 60 min/week |',
    'Speech therapy: 60 minutes per week.',
    ['60 minutes per week'],
  ],
  [
    'Speech 30 min/week. Occupational therapy 60 min/week.',
    'She gets 60 minutes of occupational therapy per week.',
    [],
  ],
  // Amounts of time in other words
  ['30 minutes weekly', 'She gets a hundred minutes weekly.', ['a hundred minutes weekly']],
  ['30 minutes weekly', 'She gets a thousand minutes a year.', ['a thousand minutes a year']],
  ['30 minutes weekly', 'She gets a hundred and twenty minutes.', ['a hundred and twenty minutes']],
  ['30 minutes weekly', 'She gets a dozen minutes of OT weekly.', ['a dozen minutes of OT weekly']],
  ['30 minutes weekly', 'She gets half a dozen sessions.', ['half a dozen sessions']],
  ['30 minutes weekly', 'She gets a full hour weekly.', ['a full hour weekly']],
  ['30 minutes weekly', 'She gets a whole day weekly.', ['a whole day weekly']],
  ['30 minutes weekly', 'She gets an additional hour weekly.', ['an additional hour weekly']],
  ['30 minutes weekly', 'She gets a couple of hours weekly.', ['a couple of hours weekly']],
  ['30 minutes weekly', 'She gets half a day of OT.', ['half a day']],
  ['30 minutes weekly', 'She gets a half-day of OT.', ['a half-day']],
  ['30 minutes weekly', 'He missed a hundred days of school.', ['a hundred days']],
  ['100 minutes, 12 words', 'A hundred minutes. She knows a dozen words.', []],
  ['24 words, two-hundred pages', 'She knows two dozen words on 200 pages.', []],
  ['60 minutes weekly', 'She gets a full hour weekly, a whole hour a week.', []],
  ['2 hours weekly', 'She gets a couple of hours weekly.', []],
  ['The child goes 1/2 day.', 'She goes half a day.', []],
  ['The child goes 0.5 days.', 'She goes half a day, a half day, one half day.', []],
  ['The child goes ½ day.', 'She goes 1/2 day.', []],
  ['A session lasts 30 minutes.', 'It lasts half an hour, a half-hour, one half hour, half of an hour.', []],
  [
    'An aide for the whole day.',
    'They want an aide for a full day. A full evaluation every year helps half of the class, a whole class or a couple of friends, with a hundred chart.',
    [],
  ],
  // Sections of laws, and of the document
  ['Section 504 of the Rehabilitation Act', 'She is under Section 504.', []],
  ['Section 504 of the Rehabilitation Act', 'She is under Section 405.', ['405']],
  ['A 504 plan', 'She is under Section 504.', []],
  ['Parts 104 and 300', 'This is Part 104. This is Part 140.', ['140']],
  ['Section 3: Services', 'See Section 3.', []],
  ['## 3. Services', 'See Section 3.', []],
  ['Goals. Services.', 'See Section 3.', ['3']],
  // Percentages, ratios, scores
  [String.raw`Accuracy of $80 \%$ in $4 / 5$ trials`, 'She reaches 80% accuracy in 4 out of 5 trials.', []],
  ['Accuracy of 80% in 4 of 5 trials', 'She reaches 85% accuracy in 4 of 5 trials.', ['85%']],
  ['Accuracy of 80% in 4 of 5 trials, 3 cues', 'She reaches 80% accuracy in 3 of 5 trials.', ['3 of 5']],
  ['Accuracy of 80–90 %', 'She is right in 80 to 90 percent of cases.', []],
  ['Accuracy of 80 %', 'She is right in 80 to 90 percent of cases.', ['90 percent']],
  ['16th percentile', 'She is at the 16th percentile.', []],
  ['She scored at the 16th percentile.', 'She was right in 16% of cases.', ['16%']],
  ['The cost is $1,200.', 'The cost is 1200 dollars.', []],
  ['The cost is $1,200.', 'The cost is $12,000.', ['$12,000']],
  ['Score 22.5 of 30', 'She has 22.5 points.', []],
  ['Score 22.5 of 30', 'She has 225 points.', ['225']],
  ['A ratio of 1:2', 'One adult for two children (1:2).', []],
  ['A ratio of 1:2', 'The ratio is 1:3.', ['1:3']],
  ['Two thirds of the words', 'She knows two-thirds of the words.', []],
  // Ages and grades
  ['Age: 9  Grade: 04', 'She is 9 years old and in grade 4.', []],
  ['Age: 9  Grade: 04', 'She is a 4-year-old.', ['4-year-old']],
  ['Grade: 3rd', 'She is in third grade.', []],
  ['Reading at a 2.5 grade level', 'She reads at grade level 2.5.', []],
  ['Reading at a 2.5 grade level', 'She reads at grade level 3.5.', ['grade level 3.5']],
  // Dates
  ['Meeting: 3/12/2026', 'The meeting was on March 12, 2026.', []],
  ['Meeting: 03/12/26', 'The meeting was on Mar. 12th 2026.', []],
  ['Meeting: 2026-03-12', 'The meeting was on 12 March 2026.', []],
  ['Meeting: March 12, 2026', 'The meeting was on March 12.', []],
  ['Meeting: March 12, 2026', 'The meeting was in March 2026.', []],
  ['Meeting: March 12, 2026', 'The meeting was on March 13, 2026.', ['March 13, 2026']],
  ['Meeting: March 12, 2026', 'The meeting was on March 12, 2027.', ['March 12, 2027']],
  ['Meeting: March 12, 2026', 'The meeting was on December 3, 2026.', ['December 3, 2026']],
  ['Meeting: March 12. School year 2025-26.', 'The meeting was on March 12, 2026.', []],
  ['Meeting: March 12.', 'The meeting was on March 12, 2026.', ['March 12, 2026']],
  ['School year 2025-26', 'The school year 2025-2026', []],
  ['June 15 to July 10, 2026', 'From June 15 to July 11, 2026.', ['July 11, 2026']],
  ['Bus at 7:35 a.m.', 'The bus comes at 7:35 AM.', []],
  ['Bus at 7:35 a.m.', 'The bus comes at 7:35 p.m.', ['7:35 p.m.']],
  // What counts nothing
  ['The team agreed.', 'One of the goals is that first she reads. Her daily work helps.', []],
  ['Reading. Writing.', '1. Reading\n2. Writing', []],
  ['Reading. Writing.', '**Goal 1:** Reading. **Goal 2:** Writing.', []],
  ['Text-to-speech for reading', 'Text-to-speech for reading, see page 1.', []],
  ['Text-to-speech for reading', 'Text-to-speech for reading, see page 7.', ['7']],
  ['Ada has a break.', 'Ada has three goals.', ['three']],
  // Names
  ['Case manager: Grace Hopper', 'Ms. Hopper helps.', []],
  ['Case manager: Grace Hopper', 'Ms. Lovelace helps.', ['Lovelace']],
  ['Case manager: Hopper, Grace', 'Talk to Grace Hopper.', []],
  ['CASE MANAGER: GRACE HOPPER', 'Talk to Grace Hopper.', []],
  ['Case manager: G. Hopper', 'Talk to G. Hopper.', []],
  ['Case manager: G. Hopper', 'Talk to L. Hopper.', ['L. Hopper']],
  ['Case manager: G. Hopper', 'Talk to Grace Hopper.', ['Grace Hopper']],
  ['Teacher: José Núñez-O’Connor', "The teacher is Jose Nunez-O'Connor.", []],
  ['Teacher: José Núñez', 'The teacher is José Muñoz.', ['José Muñoz']],
  [
    'Grace Hopper is the teacher and many pages, words and lines stand here before Linus Park.',
    'Talk to Grace Park.',
    ['Grace Park'],
  ],
  // Names that stand near one another are not of one person
  [
    '| Name | Role |\n|---|---|\n| Priya Moorhen | Psychologist |\n| Desmond Applegarth | Administrator |',
    'Talk to Desmond Moorhen and Priya Applegarth, to Priya Moorhen and Desmond Applegarth.',
    ['Desmond Moorhen', 'Priya Applegarth'],
  ],
  [
    '<table><tr><td>Priya Moorhen</td></tr><tr><td>Desmond Applegarth</td></tr></table>',
    'Talk to Desmond Moorhen or Priya Moorhen.',
    ['Desmond Moorhen'],
  ],
  [
    'Mr. Henrik Solvane is the teacher. Ada Larkspur attends.',
    'Talk to Ada Solvane and Henrik Larkspur, to Ada Larkspur and Henrik Solvane.',
    ['Ada Solvane', 'Henrik Larkspur'],
  ],
  ['- Ada Larkspur\n- Henrik Solvane', 'Talk to Henrik Larkspur or Henrik Solvane.', ['Henrik Larkspur']],
  ['Ada Larkspur\n\nHenrik Solvane', 'Talk to Henrik Larkspur or Henrik Solvane.', ['Henrik Larkspur']],
  [
    'Ada Larkspur, child\nMr. Henrik Solvane, teacher',
    'Talk to Henrik Larkspur or Henrik Solvane.',
    ['Henrik Larkspur'],
  ],
  [
    '**Mother:** Grace Larkspur\n**Teacher:** Henrik Solvane',
    'Talk to Henrik Larkspur or Henrik Solvane.',
    ['Henrik Larkspur'],
  ],
  ['Henrik Solvane tested Ada on Monday.', 'Talk to Ada Solvane.', ['Ada Solvane']],
  [
    'By Grace Larkspur and Henrik Solvane.',
    'Talk to Grace Solvane, Henrik Larkspur or Grace Larkspur.',
    ['Grace Solvane', 'Henrik Larkspur'],
  ],
  [
    'Grace Larkspur, grace.larkspur@example.org\n\nHenrik Solvane, h.solvane@example.org',
    'Talk to Grace Solvane.',
    ['Grace Solvane'],
  ],
  ['Maria (goes by Mia) de la Cruz', 'Talk to Maria de la Cruz.', []],
  ['the teacher, henrik solvane, came', 'Talk to Mr. Henrik Solvane.', []],
  ['Parents Grace and Linus Larkspur came.', 'Talk to Grace Larkspur and Linus Larkspur.', []],
  ['He saw Mr.\nHenrik Solvane there.', 'Talk to Henrik Solvane.', []],
  ['He was seen by Henrik\nSolvane at 2:15 p.m.', 'Talk to Henrik Solvane.', []],
  ['Teacher: Henrik\nSol-\nvane: OT', 'Talk to Henrik Solvane.', []],
  ['Solvane, Henrik\nLarkspur, Ada', 'Talk to Henrik Solvane or Henrik Larkspur.', ['Henrik Larkspur']],
  ['Grace and Linus Larkspur came.', 'Talk to Grace Larkspur.', []],
  ['First name: Henrik  Last name: Solvane', 'Talk to Henrik Solvane.', []],
  ['First name: Henrik\nLast name: Solvane', 'Talk to Henrik Solvane.', []],
  ['**Last name:** Solvane\n\n**First name:** Henrik', 'Talk to Henrik Solvane.', []],
  ['First name\n\nHenrik\n\nLast name\n\nSolvane', 'Talk to Henrik Solvane.', []],
  ['| First name | Henrik Jan |\n|---|---|\n| Last name | Solvane |', 'Talk to Henrik Solvane.', []],
  ['| Henrik | Teacher |\n|---|---|\n| Solvane | |', 'Talk to Henrik Solvane.', []],
  [
    '| First name | Last name |\n|---|---|\n| Henrik | Solvane |\n| Ada | Larkspur |',
    'Talk to Henrik Solvane, not Ada Solvane.',
    ['Ada Solvane'],
  ],
  [
    'First name: Henrik\nLast name: Solvane\nFirst name: Ada\nLast name: Larkspur',
    'Talk to Ada Larkspur, not Ada Solvane.',
    ['Ada Solvane'],
  ],
  ['Ada reads well.', "Linus reads well. Ada's family is proud.", ['Linus']],
  ['Ada reads well.', 'Teacher: Linus', ['Linus']],
  ['Ada reads well.', 'Additionally, Reading is a strength. Progress is made. Overall, Math helps.', []],
  [
    'Ada has an IEP.',
    'The Individualized Education Program (IEP) and a Free Appropriate Public Education (FAPE) in the Least Restrictive Environment (LRE) are for Ada, who has ADHD.',
    [],
  ],
  [
    'Ada takes tests.',
    'Ada took the Woodcock-Johnson Tests of Achievement and the Test of Silent Reading. She attends Lincoln Elementary School in Harbor Unified School District.',
    [],
  ],
  [
    'Ada speaks Spanish.',
    'In March, Ada spoke Spanish on Monday with her Speech-Language Pathologist.',
    ['March'],
  ],
]

test.for(claims)('the page says "%s", claimed is "%s"', ([page, claim, unsaid]) => {
  const { findings } = checkAgainstPages(
    { summary: claim, summaryPages: [1], sections: [] },
    new Map([
      [1, page],
      [2, 'An empty page.'],
      [3, 'Another page.'],
    ]),
  )

  expect(valueFindings({ findings }).map(({ value }) => value)).toEqual(unsaid)
})

test('a finding quotes its sentence word for word and says what is wrong', () => {
  const summary = 'Ada is kind. She gets **45 minutes** of speech therapy per week. She likes birds.'

  const { findings } = checkAgainstPages(
    { summary, summaryPages: [1], sections: [] },
    new Map([[1, 'Speech therapy: 30 minutes per week. Ada is kind.']]),
  )

  expect(valueFindings({ findings })).toEqual([
    {
      place: 'summary',
      kind: 'amount',
      sentence: 'She gets **45 minutes** of speech therapy per week.',
      value: '45 minutes of speech therapy per week',
      message:
        'The amount "45 minutes of speech therapy per week" does not occur on the pages that the summary cites.',
    },
  ])
})

test('what stands on another page than the cited one is not confirmed', () => {
  const both = new Map([
    [1, 'Ada is kind.'],
    [2, 'Speech therapy: 30 minutes per week with Grace Hopper.'],
  ])
  const summary = 'Grace Hopper gives her 30 minutes per week.'

  const cited = checkAgainstPages({ summary, summaryPages: [2], sections: [] }, both)
  const notCited = checkAgainstPages({ summary, summaryPages: [1], sections: [] }, both)

  expect(valueFindings(cited)).toEqual([])
  expect(valueFindings(notCited).map(({ kind, value }) => `${kind} ${value}`)).toEqual([
    'amount 30 minutes per week',
    'name Grace Hopper',
  ])
})

test('the name of the child stands on the first page and counts for all, a stranger’s does not', () => {
  const said = new Map([
    [1, '**Student Name:** Ada Lovelace'],
    [2, 'The student reads well. Teacher: Grace Hopper'],
    [3, 'The student needs breaks.'],
  ])
  const claim = (summary: string): string[] =>
    valueFindings(checkAgainstPages({ summary, summaryPages: [3], sections: [] }, said)).map(
      ({ value }) => value,
    )

  expect(claim('Ada needs breaks, says the school of Ada Lovelace.')).toEqual([])
  expect(claim('Ada needs breaks, says Grace Hopper.')).toEqual(['Grace Hopper'])
  expect(claim('Linus needs breaks.')).toEqual(['Linus'])
})

test('a table that goes on over the page keeps its headings', () => {
  const said = new Map([
    [1, '| Service | Minutes per week |\n| --- | --- |\n| Speech | 60 |'],
    [2, '| Counseling | 25 |\n| --- | --- |\n| Nursing | 15 |'],
  ])

  const { findings } = checkAgainstPages(
    {
      summary: 'Counseling is 25 minutes per week, nursing 15 minutes per week.',
      summaryPages: [2],
      sections: [],
    },
    said,
  )

  expect(valueFindings({ findings })).toEqual([])
})

test('pages that are cited exist, and what was found cites one', () => {
  const { findings } = checkAgainstPages(
    changed('goals', { pages: [6, 7, 13] }, changed('strengths', { pages: [] })),
    pages,
  )

  expect(
    findings.map(({ place, kind, value, message }) => ({ place, kind, value, message })).slice(0, 2),
  ).toEqual([
    {
      place: 'goals',
      kind: 'citation',
      value: 'page 13',
      message: 'The section goals cites page 13, which does not exist.',
    },
    {
      place: 'strengths',
      kind: 'citation',
      value: '',
      message: 'The section strengths cites no page; name every page it comes from.',
    },
  ])
})

test('a section that the document lacks says so and cites nothing', () => {
  const lacking = { found: false, pages: [], content: 'We did not find this section in the document.' }

  const said = checkAgainstPages(changed('strengths', lacking), pages)
  const cites = checkAgainstPages(changed('strengths', { ...lacking, pages: [5] }), pages)
  const silent = checkAgainstPages(changed('strengths', { ...lacking, content: 'Ada is kind.' }), pages)

  expect(said.findings).toEqual([])
  expect(cites.findings.map(({ place, kind }) => [place, kind])).toEqual([['strengths', 'citation']])
  expect(silent.findings.map(({ place, kind }) => [place, kind])).toEqual([['strengths', 'structure']])
})

test('every section is there once, in order, with something in it', () => {
  const [first, second, ...others] = english.sections as [Content['sections'][0], Content['sections'][0]]
  const findings = (sections: Content['sections']): string[] =>
    checkAgainstPages({ ...english, sections }, pages).findings.map(({ place, kind }) => `${place} ${kind}`)

  expect(findings([first, ...others])).toEqual(['eligibility missing'])
  expect(findings([first, second, second, ...others])).toEqual(['eligibility structure'])
  expect(findings([second, first, ...others])).toEqual(['eligibility structure'])
  expect(findings([])).toEqual(sectionKeys.map((key) => `${key} missing`))
  expect(findings([{ ...first, content: ' ' }, second, ...others])).toEqual(['presentLevels missing'])
  expect(checkAgainstPages({ ...english, summary: '' }, pages).findings.map(({ kind }) => kind)).toEqual([
    'missing',
  ])
})

function changed(key: string, change: Partial<Content['sections'][0]>, content = english): Content {
  return {
    ...content,
    sections: content.sections.map((section) => (section.key === key ? { ...section, ...change } : section)),
  }
}

/** Without what is said of sections that a small content does not have. */
function valueFindings({ findings }: { findings: Finding[] }): Finding[] {
  return findings.filter(({ kind }) => kind !== 'missing')
}
