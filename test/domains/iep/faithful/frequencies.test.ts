import { expect, test } from 'vitest'
import type { Translated } from '../../../../src/domains/iep/content.ts'
import { changed, unsaid } from './samples/ask.ts'

const claims: [page: string, claim: string, unsaid: string[]][] = [
  // Alone in a cell or behind a label, `daily` and `yearly` say how often, and nothing else does
  ['| Speech | 30 | weekly |', '| Speech | 30 | weekly |', []],
  ['| Speech | 30 | weekly |', '| Speech | 30 | yearly |', ['yearly']],
  ['| Speech | 30 | weekly |', '| Speech | 30 | daily |', ['daily']],
  ['| Speech | 30 | every day |', '| Speech | 30 | daily |', []],
  ['**Frequency:** weekly', '**Frequency:** every day', ['every day']],
  ['**Frequency:** weekly', '- Frequency: **annually**.', ['annually']],
  ['**Frequency:** each school day', '**Frequency:** daily', []],
  ['**Meeting type:** Annual', '**Meeting type:** Annual', []],
  [
    'Speech weekly.',
    'She needs help with daily living. This is her annual review: yearly goals and daily work.',
    [],
  ],
  // A longer word is not the shorter one inside it
  ...['semi-monthly', 'semimonthly', 'bimonthly', 'bi-monthly', 'a fortnight', 'every other day'].map(
    (often): [string, string, string[]] => [
      '60 minutes per month',
      `She gets 60 minutes ${often}.`,
      [`60 minutes ${often}`],
    ],
  ),
  ...['semi-weekly', 'semiweekly', 'every other day', 'on school days'].map(
    (often): [string, string, string[]] => [
      '60 minutes per week',
      `She gets 60 minutes ${often}.`,
      [`60 minutes ${often}`],
    ],
  ),
  ...['semi-annually', 'semiannually', 'semi-yearly'].map((often): [string, string, string[]] => [
    '60 minutes yearly, 60 minutes per year',
    `She gets 60 minutes ${often}.`,
    [`60 minutes ${often}`],
  ]),
  ['60 minutes semi-annually', 'She gets 60 minutes per year.', ['60 minutes per year']],
  ['60 minutes semi-annually', 'She gets 60 minutes semiannually.', []],
  ['60 minutes bi-monthly', 'She gets 60 minutes bimonthly.', []],
  ['60 minutes bi-monthly', 'She gets 60 minutes every two months.', ['60 minutes every two months']],
  ['60 minutes biweekly', 'She gets 60 minutes a fortnight, every other week.', []],
  ['60 minutes every second day', 'She gets 60 minutes every other day.', []],
  ['60 minutes each school day', 'She gets 60 minutes on school days.', []],
  // What is written short on forms
  ['Speech 2x30/week', 'Speech is 30 minutes, 2 times per week.', []],
  ['Speech 3 x 30 / week', 'Speech is 30 minutes, 3 times per week.', []],
  ['Speech 3 x 30 / week', 'Speech is 30 minutes per week.', ['30 minutes per week']],
  ['Speech 30min 2xweek', 'Speech is 30 minutes, twice a week.', []],
  ['Speech (2) times per month', 'Speech is 2 times per month.', []],
  ['Speech 1-1/2 hours daily', 'Speech is an hour and a half daily.', []],
  ['Speech 1-1/2 hours daily', 'Speech is 1 hour daily.', ['1 hour daily']],
  ['Speech 1-1/2 hours daily', 'Speech is half an hour daily.', ['half an hour daily']],
  ['30 minutes daily', 'On school days the bus comes. He has a semi-private room.', []],
]

test.for(claims)('the page says "%s", claimed is "%s"', ([page, claim, expected]) => {
  expect(unsaid(page, claim)).toEqual(expected)
})

const translations: [language: Translated, source: string, translation: string, values: string[]][] = [
  ['es', '| Speech | 30 minutes | daily |', '| Habla | 30 minutos | diario |', []],
  ['es', '| Speech | 30 minutes | daily |', '| Habla | 30 minutos | todos los días |', []],
  ['es', '| Speech | 30 minutes | daily |', '| Habla | 30 minutos | anual |', ['anual']],
  ['es', '| Speech | 30 minutes | daily |', '| Habla | 30 minutos | |', ['daily']],
  ['es', '| Speech | 30 minutes | |', '| Habla | 30 minutos | diario |', ['diario']],
  ['es', '**Frequency:** daily', '**Frecuencia:** diaria', []],
  ['es', '**Frequency:** daily', '**Frecuencia:** anual', ['anual']],
  ['es', '**Frequency:** each school day', '**Frecuencia:** cada día de clases', []],
  ['es', '**Review:** annual', '**Revisión:** una vez al año', []],
  ['zh', '**Frequency:** daily', '**频率：** 每天', []],
  ['zh', '**Frequency:** daily', '**频率：** 每年', ['每年']],
  ['zh', '| Speech | 30 minutes | yearly |', '| 言语 | 30分钟 | 每年一次 |', []],
  ['vi', '**Frequency:** daily', '**Tần suất:** hằng ngày', []],
  ['vi', '**Frequency:** daily', '**Tần suất:** hằng năm', ['hằng năm']],
  ['es', 'Her annual review covers daily living.', 'Su revisión trata de la vida cotidiana.', []],
  // Longer words keep their meaning
  ['es', 'She gets 60 minutes every other day.', 'Recibe 60 minutos cada dos días.', []],
  ['es', 'She gets 60 minutes every other day.', 'Recibe 60 minutos un día sí y otro no.', []],
  ['es', 'She gets 60 minutes every other day.', 'Recibe 60 minutos al día.', ['60 minutos al día']],
  ['zh', 'She gets 60 minutes every other day.', '她每隔一天接受60分钟的治疗。', []],
  ['vi', 'She gets 60 minutes every other day.', 'Em nhận 60 phút hai ngày một lần.', []],
  ['es', 'She gets 60 minutes semi-annually.', 'Recibe 60 minutos semestralmente.', []],
  ['es', 'She gets 60 minutes semi-annually.', 'Recibe 60 minutos cada año.', ['60 minutos cada año']],
  ['zh', 'She gets 60 minutes semi-annually.', '她每半年接受60分钟的治疗。', []],
  ['vi', 'She gets 60 minutes semi-annually.', 'Em nhận 60 phút mỗi nửa năm.', []],
  ['es', 'She gets 60 minutes bimonthly.', 'Recibe 60 minutos bimestralmente.', []],
  ['es', 'She gets 60 minutes semi-monthly.', 'Recibe 60 minutos quincenalmente.', []],
  ['zh', 'She gets 60 minutes semi-monthly.', '她每半个月接受60分钟的治疗。', []],
  ['es', 'She gets 60 minutes a fortnight.', 'Recibe 60 minutos cada dos semanas.', []],
  ['es', 'She gets 60 minutes on school days.', 'Recibe 60 minutos los días de clase.', []],
  ['zh', 'She gets 60 minutes on school days.', '她在上学日接受60分钟的治疗。', []],
  ['zh', 'She gets 60 minutes during the school day.', '她在上学日期间接受60分钟的治疗。', []],
  ['zh', 'The district answers within 15 school days.', '学区在15个上学日内答复。', []],
  ['es', 'There is a semi-annual report.', 'Hay un informe semestral.', []],
  ['es', '**Frequency:** daily', '**Frecuencia:** a diario', []],
  ['vi', 'She gets 60 minutes on school days.', 'Em nhận 60 phút vào những ngày đi học.', []],
  ['es', 'Counseling is every two weeks.', 'La consejería es cada quince días.', []],
  ['vi', 'Therapy is on Tuesday and Thursday.', 'Trị liệu vào thứ 3 và thứ 5.', []],
  ['vi', 'Therapy is on Tuesday.', 'Trị liệu vào sáng thứ 3.', []],
  ['vi', 'This is the fourth goal.', 'Đây là mục tiêu thứ 5.', ['5']],
  // A trimester is a quarter or a term
  ['es', 'She is tested each trimester.', 'La evalúan cada trimestre.', []],
  ['es', 'She is tested each trimester.', 'La evalúan trimestralmente.', []],
  ['es', 'She is tested quarterly.', 'La evalúan cada trimestre.', []],
  ['es', 'She gets 60 minutes each trimester.', 'Recibe 60 minutos por trimestre.', []],
  ['es', 'She is tested each trimester.', 'La evalúan cada mes.', ['cada mes']],
  // The frequency of a range may stand before it
  ['zh', 'Therapy is 2 to 3 times a week.', '治疗每周2至3次。', []],
  ['zh', 'Therapy is 2 to 3 times a week.', '治疗每周2-3次。', []],
  ['zh', 'Therapy is 2 to 3 times a week.', '治疗每月2至3次。', ['2', '3次']],
  ['zh', 'Therapy is 2-3 sessions of 30-45 minutes a week.', '治疗每周2至3次，每次30至45分钟。', []],
  ['vi', 'Therapy is 2 to 3 times a week.', 'Trị liệu mỗi tuần 2 đến 3 lần.', []],
  ['vi', 'Therapy is 2 to 3 times a week.', 'Trị liệu một tuần 2-3 lần.', []],
  ['es', 'Therapy is 2 to 3 times a week.', 'La terapia es de 2 a 3 veces por semana.', []],
  ['es', 'Therapy is 2 to 3 times a week.', 'La terapia es entre 2 y 3 veces por semana.', []],
  ['es', 'Therapy is 2 or 3 times a week.', 'La terapia es dos o tres veces por semana.', []],
  ['es', 'Therapy is 30 to 45 minutes a week.', 'La terapia es de 30 a 45 minutos semanales.', []],
  ['zh', 'Therapy is 30 to 45 minutes a week.', '治疗每周30至45分钟。', []],
  [
    'vi',
    '| Date | Time |\n|---|---|\n| March 12, 2026 | 8:30 a.m. |',
    '| Ngày | Giờ |\n|---|---|\n| ngày 12 tháng 3 năm 2026 | 8 giờ 30 sáng |',
    [],
  ],
  // A heading says what the numbers below it are
  [
    'es',
    '| Service | Minutes |\n|---|---|\n| Speech | 60 |\n| OT | 30 |',
    '| Servicio | Minutos |\n|---|---|\n| Habla | 60 |\n| TO | 30 |',
    [],
  ],
  [
    'es',
    '| Service | Minutes |\n|---|---|\n| Speech | 60 |\n| OT | 30 |',
    '| Servicio | Horas |\n|---|---|\n| Habla | 60 |\n| TO | 30 |',
    ['Horas'],
  ],
  [
    'zh',
    '| Service | Minutes |\n|---|---|\n| Speech | 60 |',
    '| 服务 | 小时 |\n|---|---|\n| 言语 | 60 |',
    ['小时'],
  ],
  ['es', '| Minutes | 60 |', '| Horas | 60 |', ['Horas']],
  [
    'es',
    '| Service | Minutes | How often |\n|---|---|---|\n| Speech | 60 | weekly |',
    '| Servicio | Minutos | Con qué frecuencia |\n|---|---|---|\n| Habla | 60 | semanal |',
    [],
  ],
  [
    'vi',
    '| Service | Minutes per day | Age | Time |\n|---|---|---|---|\n| Speech | 60 | 9 | 8:30 |',
    '| Dịch vụ | Phút mỗi ngày | Tuổi | Giờ |\n|---|---|---|---|\n| Lời nói | 60 | 9 | 8:30 |',
    [],
  ],
]

test.for(translations)('%s: "%s" as "%s"', ([language, source, translation, expected]) => {
  expect(changed(language, source, translation)).toEqual(expected)
})
