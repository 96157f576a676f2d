import { expect, test } from 'vitest'
import type { Language } from '../../../../src/domains/iep/content.ts'
import { valuesIn, type Reading } from '../../../../src/domains/iep/faithful/values.ts'

/** What is read out of a text, in short: `?` marks what need not be a value, `#` what numbers something. */
const texts: [language: Language, text: string, values: string[]][] = [
  ['en', '30 min x 2 Totaling: 60 min served Weekly', ['30 min/session', '2 times', '60 min/week']],
  ['en', '2x30 min/week', ['2 times/week', '30 min/session']],
  [
    'en',
    '30 min x 2/wk, 3x week, 5 days a week',
    ['30 min/session', '2 times/week', '3 times/week', '5 day/week'],
  ],
  ['en', 'three 30-minute sessions per week', ['3 times/week', '30 min/session']],
  ['en', '3 sessions of 30 minutes per week', ['3 times/week', '30 min/session']],
  ['en', 'Each week she gets 60 minutes of speech and 30 minutes of OT', ['60 min/week', '30 min/week']],
  [
    'en',
    '1 1/2 hours, one and a half hours, 1.5 hours, 1 hour 30 minutes',
    ['90 min', '90 min', '90 min', '90 min'],
  ],
  ['en', 'half an hour, a half-hour, 1/2 hour, quarter of an hour', ['30 min', '30 min', '30 min', '15 min']],
  [
    'en',
    'half a day, a half-day, half a school week, 1/2 day',
    ['0.5 day', '0.5 day', '0.5 week', '0.5 day'],
  ],
  [
    'en',
    'a hundred days, two dozen, half a dozen, a hundred and five, two-hundred',
    ['100 day', '24', '6', '105', '200'],
  ],
  ['en', 'a full hour, a full day, a couple of weeks, a couple', ['60 min', '?1 day', '2 week', '?2']],
  ['es', 'una docena de minutos, dos docenas, media docena', ['12 min', '24', '6']],
  ['vi', 'hai chục phút, một tá, nửa tá', ['20 min', '12', '6']],
  [
    'en',
    '80–90%, 80 to 90 percent, 30 or 45 minutes',
    ['80 percent', '90 percent', '80 percent', '90 percent', '30 min', '45 min'],
  ],
  ['en', '4 out of 5, 4/5, two-thirds, 1:1', ['4:5', '4:5', '2:3', '1:1']],
  [
    'en',
    'grade 3, 3rd-grade, third graders, age 8, 8-year-old, 16th percentile',
    ['3 grade', '3 grade', '3 grade', '8 year', '8 year', '16 percentile'],
  ],
  ['en', '$1,200.50, one hundred and twenty-five words, 1,200 words', ['1200.5 dollar', '125', '1200']],
  [
    'en',
    '3/12/2026, Mar. 12th 2026, 12 March 2026, 2026-03-12',
    ['2026-3-12', '2026-3-12', '2026-3-12', '2026-3-12'],
  ],
  ['en', 'March 12,2026 and June 15-19, 2026 in September', ['2026-3-12', '2026-6-15', '2026-6-19', '-9-']],
  ['en', 'She may read. They march. In May 2026.', ['2026-5-']],
  ['en', '8:30 a.m. to 3 p.m.', ['8:30', '15:00']],
  [
    'en',
    '(707) 555-0142, 555-123-4567, 12345678901',
    ['707', 'code 5550142', 'code 5551234567', 'code 12345678901'],
  ],
  ['en', '.5 hours, (.75), GE .8, <.05, 0.5 hours', ['30 min', '0.75', '0.8', '0.05', '30 min']],
  ['en', 'Goal 1.2.5, p.5, the end.5 birds', ['code 125', '#5', '5']],
  ['es', '4° grado, 4.° grado, el 1° de junio', ['4 grade', '4 grade', '-6-1']],
  ['vi', 'Em nhận .5 giờ mỗi tuần', ['30 min/week']],
  [
    'en',
    '2-3 sessions of 30-45 minutes a week',
    ['2 times/week', '3 times/week', '30 min/session', '45 min/session'],
  ],
  ['en', 'Goal 1, Objective 1.2, page 7', ['#1', '#1.2', '#7']],
  ['en', 'one of the goals, the first, daily living, an annual goal', ['?1', '?1', '?/day', '?/year']],
  ['en', 'half of the words, once upon a time', ['?1 times']],
  [
    'es',
    'tres veces por semana, 30 minutos semanales, una vez al mes, cada dos semanas',
    ['3 times/week', '30 min/week', '1 times/month', '/2 weeks'],
  ],
  [
    'es',
    'hora y media, media hora, treinta y cinco minutos, 1 hora y 30 minutos',
    ['90 min', '30 min', '35 min', '90 min'],
  ],
  ['es', '80,5 %, el 80 por ciento, 3 de cada 5, dos tercios', ['80.5 percent', '80 percent', '3:5', '2:3']],
  [
    'es',
    'tercer grado, 3.er grado, 4.º grado, 4to grado, 8 años, percentil 16',
    ['3 grade', '3 grade', '4 grade', '4 grade', '8 year', '16 percentile'],
  ],
  [
    'es',
    '12 de marzo de 2026, del 15 al 19 de junio, 1.º de mayo, marzo de 2026',
    ['2026-3-12', '-6-15', '-6-19', '-5-1', '2026-3-'],
  ],
  ['es', '12/3/2026, 1.200', ['2026-12-3|2026-3-12', '1.2|1200']],
  ['es', 'a las 3 p. m., a las 8:30 de la mañana', ['15:00', '8:30']],
  ['vi', '3 lần mỗi tuần, mỗi lần ba mươi phút', ['3 times/week', '30 min/session']],
  ['vi', 'ba lần một tuần, 60 phút/tuần, hai tuần một lần', ['3 times/week', '60 min/week', '/2 weeks']],
  [
    'vi',
    'một giờ rưỡi, nửa tiếng, hai mươi lăm phút, năm phút, 2 năm',
    ['90 min', '30 min', '25 min', '5 min', '2 year'],
  ],
  ['vi', '80,5%, tám mươi phần trăm, 4 trên 5, hai phần ba', ['80.5 percent', '80 percent', '4:5', '2:3']],
  [
    'vi',
    'ngày 12 tháng 3 năm 2026, 12 tháng 3, 2026, tháng 3/2026, tháng ba',
    ['2026-3-12', '2026-3-12', '2026-3-', '-3-'],
  ],
  ['vi', 'mỗi tháng 2 lần trong 3 tháng, năm 2026', ['2 times/month', '3 month', '2026--']],
  [
    'vi',
    'lớp ba, 8 tuổi, thứ ba, bách phân vị thứ 16, 7 giờ 35 sáng',
    ['3 grade', '8 year', '?3', '16 percentile', '7:35'],
  ],
  ['zh', '每周三次，每次三十分钟', ['3 times/week', '30 min/session']],
  [
    'zh',
    '一周三次，每周60分钟，60分钟/周，每两周一次',
    ['3 times/week', '60 min/week', '60 min/week', '1 times/2 weeks'],
  ],
  ['zh', '每周三，星期三，周五', []],
  ['zh', '一个半小时，半小时，1小时30分钟，八点五小时', ['90 min', '30 min', '90 min', '510 min']],
  [
    'zh',
    '百分之八十，80%至90%，五分之四，５次中有４次',
    ['80 percent', '80 percent', '90 percent', '4:5', '4:5'],
  ],
  [
    'zh',
    '2026年3月12日，二〇二六年三月，3月12日至14日，3个月',
    ['2026-3-12', '2026-3-', '-3-12', '-3-14', '3 month'],
  ],
  [
    'zh',
    '三年级，8岁，第16百分位，85分，1,200美元，上午8点30分',
    ['3 grade', '8 year', '16 percentile', '85', '1200 dollar', '8:30'],
  ],
  ['zh', '统一，一些，一起，十分', ['?1', '?1', '?1', '10']],
]

test.for(texts)('%s: %s', ([language, text, values]) => {
  expect(
    valuesIn(text, language).map(
      ({ readings, firm, role }) => `${firm ? '' : '?'}${role ? '#' : ''}${short(readings)}`,
    ),
  ).toEqual(values)
})

function short(readings: Reading[]): string {
  return [...new Set(readings.filter(({ is }, at) => at === 0 || is === readings[0]?.is).map(inShort))].join(
    '|',
  )
}

function inShort(reading: Reading): string {
  switch (reading.is) {
    case 'number': {
      const [n, unit] = reading.unit === 'duration' ? [reading.n / 60, 'min'] : [reading.n, reading.unit]
      return `${n}${unit ? ` ${unit}` : ''}${reading.per ? `/${reading.per}` : ''}`
    }
    case 'day':
      return [reading.day.year, reading.day.month, reading.day.day].join('-')
    case 'ratio':
      return `${reading.of}:${reading.out}`
    case 'clock':
      return `${Math.floor(reading.clock.minutes / 60)}:${String(reading.clock.minutes % 60).padStart(2, '0')}`
    case 'code':
      return `code ${reading.code}`
    case 'backwards':
      return `backwards ${reading.days}`
    case 'per':
      return `/${reading.per}`
  }
}
