import { expect, test } from 'vitest'
import { unsaid } from './samples/ask.ts'

/** Two services on one page, of which the one is claimed to have the amount of the other. */
const swapped = [
  ['Adapted PE', 'Speech'],
  ['Adaptive physical education', 'Physical therapy'],
  ['Vision services', 'Speech'],
  ['Vision', 'Occupational therapy'],
  ['Orientation and mobility', 'Speech'],
  ['O&M', 'Speech'],
  ['DHH services', 'Speech'],
  ['Audiological services', 'Speech'],
  ['Behavior intervention services', 'Speech'],
  ['ABA', 'Counseling'],
  ['Social work services', 'Counseling'],
  ['Psychological services', 'Counseling'],
  ['Transportation', 'Speech'],
  ['One-on-one aide', 'Speech'],
  ['Paraprofessional support', 'Specialized academic instruction'],
  ['Resource specialist services', 'Speech'],
  ['Reading specialist services', 'Speech'],
  ['Math intervention', 'Reading intervention'],
  ['Writing support', 'Speech'],
] as const

test.for(swapped)('%s does not have the minutes of %s', ([one, other]) => {
  const page = `${one} 50 minutes weekly. ${other} 30 minutes weekly.`

  expect(unsaid(page, `${one} 30 minutes weekly.`)).toEqual(['30 minutes weekly'])
  expect(unsaid(page, `${other} 50 minutes weekly.`)).toEqual(['50 minutes weekly'])
  expect(unsaid(page, page)).toEqual([])
})

const form = (first: string, second: string): string => `**Service:** Language and Speech (415)

**Provider:** District of service

**Duration/Freq:** ${first}

**Service:** Occupational Therapy (450)

**Provider:** District of service

**Duration/Freq:** ${second}`
const weekly = form('60 min served Weekly', '30 min served Monthly')

const claims: [page: string, claim: string, unsaid: string[]][] = [
  // A form with one field on a line
  [weekly, 'Speech therapy: 60 minutes weekly. Occupational therapy: 30 minutes monthly.', []],
  [weekly, 'Occupational therapy: 60 minutes weekly.', ['60 minutes weekly']],
  [weekly, 'Speech therapy: 30 minutes monthly.', ['30 minutes monthly']],
  [
    form('60 min', '30 min').replaceAll('min\n', 'min\n\n**Frequency:** Weekly\n'),
    'Occupational therapy: 60 minutes weekly.',
    ['60 minutes weekly'],
  ],
  [
    '**Service:** Speech\n\n**Duration:** 60 minutes\n\n**Service:** Counseling\n\n**Frequency:** Monthly',
    'Speech: 60 minutes monthly.',
    ['60 minutes monthly'],
  ],
  [
    '**Service:** Speech\n**Duration/Freq:** 60 min served Weekly\n**Service:** Occupational Therapy\n**Duration/Freq:** 30 min served Monthly',
    'Occupational therapy: 60 minutes weekly.',
    ['60 minutes weekly'],
  ],
  // What ends such a group, and what belongs to none
  [`${weekly}\n\n## Summer\n\n**Duration:** 20 min daily`, 'Speech: 20 minutes daily.', []],
  [
    '**Service:** Speech\n\n**Duration:** 60 min weekly\n\nOccupational therapy\n\n**Duration:** 30 min weekly',
    'Occupational therapy: 30 minutes weekly.',
    [],
  ],
  [
    '**Service:** Occupational Therapy\n\n**Comments:** consult with teacher\n\n**Location:** Speech room\n\n**Duration:** 30 min weekly',
    'Occupational therapy: 30 minutes weekly.',
    [],
  ],
  [
    'Speech/Language: 30 minutes 2 times per week, with paraprofessional support',
    'With an aide, she gets speech therapy for 30 minutes, 2 times per week.',
    [],
  ],
  ['Transportation: 2 times daily', 'The bus comes 2 times a day.', []],
  ['Intensive Individual Services (340): 300 minutes daily', 'An aide: 300 minutes daily.', []],
  // Subjects of goals are no services
  [
    'Specialized academic instruction: 180 minutes weekly for reading and math. Speech: 30 minutes weekly.',
    'Reading support: 180 minutes weekly. Resource specialist: 180 minutes weekly.',
    [],
  ],
  ['Reading: Ada reads for 20 minutes daily.', 'Speech: She reads for 20 minutes daily.', []],
  ['Vision and hearing: passed. Breaks 2 times daily.', 'Speech: breaks 2 times daily.', []],
  ['Resource (RSP): 50 minutes daily', 'Specialized academic instruction: 50 minutes daily.', []],
  ['Counseling: 30 minutes weekly', 'Counseling by the school psychologist: 30 minutes weekly.', []],
]

test.for(claims)('the page says "%s", claimed is "%s"', ([page, claim, expected]) => {
  expect(unsaid(page, claim)).toEqual(expected)
})
