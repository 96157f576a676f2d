import { expect, test } from 'vitest'
import type { Translated } from '../../../../src/domains/iep/content.ts'
import { changed, unsaid } from './samples/ask.ts'

const claims: [page: string, claim: string, unsaid: string[]][] = [
  // One end is not the whole
  ['Speech: 30-45 minutes weekly', 'Speech is 45 minutes a week.', ['45 minutes a week']],
  ['Speech: 30 – 45 minutes weekly', 'Speech is 30 minutes a week.', ['30 minutes a week']],
  ['Speech: 30 to 45 minutes weekly', 'Speech is 30 minutes a week.', ['30 minutes a week']],
  ['Speech: between 30 and 45 minutes', 'Speech is 45 minutes.', ['45 minutes']],
  ['Speech: 2-3x/week', 'Speech is 3 times a week.', ['3 times a week']],
  ['Speech: 2-3x/week', 'Speech is 2 times a week.', ['2 times a week']],
  ['Speech: 2 or 3 times a week', 'Speech is 2 times a week.', ['2 times a week']],
  ['Accuracy of 80-90%', 'She is right in 90% of cases.', ['90%']],
  ['Speech: 30-45 minutes weekly', 'Speech is 30 to 45 minutes a week, between 30 and 45 minutes.', []],
  ['Speech: 30-45 minutes weekly', 'Speech is up to 45 minutes, at least 30 minutes a week.', []],
  ['Speech: 2-3x/week', 'Speech is 2 to 3 times a week, 2 or 3 times a week.', []],
  ['Speech: 30-45 minutes weekly. This year 45 minutes weekly.', 'Speech is 45 minutes a week.', []],
  // What is no range
  ['Accuracy will grow from 40% to 80%.', 'The goal is 80%, from 40%.', []],
  ['Accuracy will improve 30% to 80%.', 'The goal is 80%.', []],
  ['She will go from a baseline of 40% to 80%.', 'The goal is 80%.', []],
  ['Breaks two to three times per day', 'She has two or three breaks, 2-3 times daily.', []],
  [
    '| Service | Minutes | Times per week |\n|---|---|---|\n| Speech | 30-45 | 2-3 |',
    'Speech: 45 minutes.',
    ['45 minutes'],
  ],
  ['Ages 5-7, grades 3 to 5', 'She is 5 years old, in grade 3.', []],
  ['Room 12 - 30 minutes weekly', 'Speech is 30 minutes a week.', []],
  ['Service 415-60 minutes weekly', 'Speech is 60 minutes a week.', []],
  ['Speech and OT: 30 and 45 minutes weekly', 'Speech is 30 minutes weekly.', []],
  // A range that runs backwards
  [
    'From 06/05/2026. Until 08/18/2025.',
    'Services run from 06/05/2026 to 08/18/2025.',
    ['06/05/2026 to 08/18/2025'],
  ],
  ['From 08/18/2025 to 06/05/2026.', 'Services run from August 18, 2025 through June 5, 2026.', []],
  ['IEP dates: 06/05/2026 - 08/18/2025', 'Services run from June 5, 2026 to August 18, 2025.', []],
  ['From 08/18/2025 to 06/05/2026.', '06/05/2026, 08/18/2025', []],
]

test.for(claims)('the page says "%s", claimed is "%s"', ([page, claim, expected]) => {
  expect(unsaid(page, claim)).toEqual(expected)
})

const forwards = 'Services run from March 4, 2025 to June 5, 2026.'
const backwards = 'Services run from June 5, 2026 to March 4, 2025.'

const translations: [language: Translated, source: string, translation: string, values: string[]][] = [
  ['zh', forwards, '服务从2025年3月4日到2026年6月5日。', []],
  ['zh', forwards, '服务从2026年6月5日到2025年3月4日。', ['2026年6月5日到2025年3月4日']],
  ['es', forwards, 'Los servicios van del 4 de marzo de 2025 al 5 de junio de 2026.', []],
  [
    'es',
    forwards,
    'Los servicios van del 5 de junio de 2026 al 4 de marzo de 2025.',
    ['5 de junio de 2026 al 4 de marzo de 2025'],
  ],
  ['es', forwards, 'Los servicios van del 4/3/2025 al 5/6/2026.', []],
  ['es', forwards, 'Los servicios van desde el 5/6/2026 hasta el 4/3/2025.', ['5/6/2026 hasta el 4/3/2025']],
  ['vi', forwards, 'Dịch vụ từ ngày 4 tháng 3 năm 2025 đến ngày 5 tháng 6 năm 2026.', []],
  [
    'vi',
    forwards,
    'Dịch vụ từ ngày 5 tháng 6 năm 2026 đến ngày 4 tháng 3 năm 2025.',
    ['ngày 5 tháng 6 năm 2026 đến ngày 4 tháng 3 năm 2025'],
  ],
  ['zh', backwards, '服务从2026年6月5日到2025年3月4日。', []],
  ['es', 'From 06/05/2026 to 07/06/2026.', 'Del 5/6/2026 al 6/7/2026.', []],
]

test.for(translations)('%s: "%s" as "%s"', ([language, source, translation, expected]) => {
  expect(changed(language, source, translation)).toEqual(expected)
})
