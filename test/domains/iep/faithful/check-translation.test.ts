import { expect, test } from 'vitest'
import type { Content, Finding, Translated } from '../../../../src/domains/iep/content.ts'
import { checkTranslation } from '../../../../src/domains/iep/faithful/check-translation.ts'
import { valuesIn } from '../../../../src/domains/iep/faithful/values.ts'
import { changedDigits, only, places, textAt, withText } from './samples/change.ts'
import { chinese } from './samples/chinese.ts'
import { english } from './samples/english.ts'
import { spanish } from './samples/spanish.ts'
import { vietnamese } from './samples/vietnamese.ts'

const translations: [Translated, Content][] = [
  ['es', spanish],
  ['zh', chinese],
  ['vi', vietnamese],
]

test.for(translations)('a faithful translation into %s has no findings', ([language, translation]) => {
  const { findings, checked } = checkTranslation(english, translation, language)

  expect(findings).toEqual([])
  expect(checked).toBeGreaterThan(100)
})

test.for(translations)('every digit that is changed in %s is found', ([language, translation]) => {
  const unseen = places.flatMap((place) =>
    Array.from(changedDigits(textAt(translation, place)))
      .filter(({ text }) => {
        const changed = withText(only(translation, place), place, text)
        return checkTranslation(only(english, place), changed, language).findings.length === 0
      })
      .map(({ around }) => `${place}: ${around}`),
  )

  expect(unseen).toEqual([])
})

test.for(translations)(
  'every amount, date or number that is dropped in %s is found',
  ([language, translation]) => {
    let dropped = 0
    const unseen = places.flatMap((place) => {
      const text = textAt(translation, place)
      const written = new Set(
        valuesIn(text.replaceAll(/[|\n]/g, ' ; '), language)
          .filter(({ firm }) => firm)
          .map(({ text }) => text)
          .filter((value) => /\d/.test(value) && text.includes(value)),
      )
      return [...written].filter((value) => {
        dropped++
        const changed = withText(only(translation, place), place, text.replace(value, ''))
        return checkTranslation(only(english, place), changed, language).findings.length === 0
      })
    })

    expect(unseen).toEqual([])
    expect(dropped).toBeGreaterThan(60)
  },
)

test.for(translations)(
  'every name that is dropped or translated in %s is found',
  ([language, translation]) => {
    for (const name of [
      'Ada',
      'Nguyen',
      'Hopper',
      'Natarajan',
      'Vega-Ruiz',
      "O'Brien",
      'Whitfield',
      'Linus',
    ]) {
      for (const other of ['', language === 'zh' ? '洛佩斯' : 'Lola']) {
        const changed: Content = JSON.parse(JSON.stringify(translation).replaceAll(name, other)) as Content
        const { findings } = checkTranslation(english, changed, language)

        expect(
          findings.filter(({ kind, value }) => kind === 'name' && value.includes(name.slice(0, 4))),
        ).not.toEqual([])
      }
    }
  },
)

/** English, its translation, and what is not confirmed. */
const said: [language: Translated, source: string, translation: string, values: string[]][] = [
  // Spanish
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe 30 minutos de terapia del habla por semana.',
    [],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe treinta minutos semanales de terapia del habla.',
    [],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe media hora de terapia del habla a la semana.',
    [],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe 30 minutos de terapia del habla al mes.',
    ['30 minutos de terapia del habla al mes'],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe 30 minutos de terapia del habla.',
    ['30 minutos'],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe 30 horas de terapia del habla por semana.',
    ['30 horas de terapia del habla por semana'],
  ],
  [
    'es',
    'She gets 30 minutes of speech therapy per week.',
    'Recibe terapia del habla por semana.',
    ['30 minutes of speech therapy per week'],
  ],
  ['es', 'She gets 30 minutes, 3 times per week.', 'Recibe 30 minutos, tres veces por semana.', []],
  ['es', 'She gets 30 minutes, 3 times per week.', 'Recibe tres sesiones de 30 minutos por semana.', []],
  [
    'es',
    'She gets 30 minutes, 3 times per week.',
    'Recibe 30 minutos por semana, 3 veces.',
    ['30 minutos por semana'],
  ],
  ['es', 'She gets 30 minutes, twice a week.', 'Recibe 30 minutos, dos veces por semana.', []],
  [
    'es',
    'She gets 30 minutes, twice a week.',
    'Recibe 30 minutos, una vez por semana.',
    ['una vez por semana'],
  ],
  [
    'es',
    'Therapy is given once a week for 45 minutes.',
    'La terapia se da una vez por semana durante 45 minutos.',
    [],
  ],
  ['es', 'Counseling is every other week.', 'La consejería es cada dos semanas.', []],
  ['es', 'Progress is reported quarterly.', 'El progreso se informa trimestralmente.', []],
  ['es', 'Progress is reported quarterly.', 'El progreso se informa mensualmente.', ['mensualmente']],
  [
    'es',
    'She is right in 80–90% of cases, 4 out of 5 trials.',
    'Acierta en el 80 % a 90 % de los casos, en 4 de cada 5 intentos.',
    [],
  ],
  ['es', 'She is right in 80% of cases.', 'Acierta en el ochenta por ciento de los casos.', []],
  ['es', 'The score is 22.5; it was 1,200 before.', 'El puntaje es 22,5; antes era 1.200.', []],
  ['es', 'The score is 22.5; it was 1,200 before.', 'El puntaje es 22.5; antes era 1,200.', []],
  ['es', 'The score is 22.5.', 'El puntaje es 2,25.', ['2,25']],
  ['es', 'The meeting was on March 12, 2026.', 'La reunión fue el 12 de marzo de 2026.', []],
  ['es', 'The meeting was on March 12, 2026.', 'La reunión fue el 12/3/2026.', []],
  ['es', 'The meeting was on 3/12/2026.', 'La reunión fue el 3/12/2026.', []],
  [
    'es',
    'The meeting was on March 12, 2026.',
    'La reunión fue el 12 de mayo de 2026.',
    ['12 de mayo de 2026'],
  ],
  ['es', 'The meeting was on March 12, 2026.', 'La reunión fue el 12 de marzo.', ['12 de marzo']],
  ['es', 'From June 15 to July 10, 2026.', 'Del 15 de junio al 10 de julio de 2026.', []],
  ['es', 'From June 15 to 19, 2026.', 'Del 15 al 19 de junio de 2026.', []],
  ['es', 'The bus comes at 7:35 a.m.', 'El autobús llega a las 7:35 de la mañana.', []],
  ['es', 'She is 9 years old, in third grade.', 'Tiene 9 años y está en tercer grado.', []],
  ['es', 'She is in grade 4.', 'Está en 5.º grado.', ['5º grado']],
  ['es', 'The service is 1.5 hours per day.', 'El servicio es de una hora y media al día.', []],
  ['es', 'She has a one-on-one aide (1:1).', 'Tiene un asistente individual (1:1).', []],
  ['es', 'She reads with a teacher.', 'Lee con dos maestras durante 20 minutos.', ['20 minutos']],
  ['es', 'Ms. Hopper reads with her.', 'La Sra. Hopper lee con ella y con la Sra. Lovelace.', ['Lovelace']],
  ['es', 'Ada reads.', 'Ada lee medio día.', ['medio día']],
  ['es', 'Ada reads.', 'Ada lee una docena de minutos.', ['una docena de minutos']],
  ['es', 'She gets half a day of OT.', 'Recibe un día entero de OT.', ['half a day']],
  ['es', 'She gets half a day of OT at noon.', 'Recibe medio día de OT al medio día.', []],
  ['es', 'She gets 3 half days a week.', 'Recibe tres medios días por semana.', []],
  ['es', 'A dozen or a hundred minutes', 'Una docena o cien minutos', []],
  ['es', 'A hundred minutes', 'Un centenar de minutos', []],
  ['es', 'She gets a full hour weekly.', 'Recibe una hora completa por semana.', []],
  ['es', 'She gets a couple of hours weekly.', 'Recibe un par de horas por semana.', []],
  ['es', 'She gets a couple of hours.', 'Recibe unas horas.', []],
  ['es', 'She gets a couple of hours.', 'Recibe tres horas.', ['tres horas']],
  ['es', 'Half of the words', 'La mitad de las palabras, en promedio', []],
  ['es', 'She is under Section 504.', 'Está bajo la Sección 405.', ['405']],
  // Chinese
  [
    'zh',
    'She gets 30 minutes of speech therapy, 3 times per week.',
    '她每周接受三次言语治疗，每次三十分钟。',
    [],
  ],
  [
    'zh',
    'She gets 30 minutes of speech therapy, 3 times per week.',
    '她一周三次接受言语治疗，每次30分钟。',
    [],
  ],
  [
    'zh',
    'She gets 30 minutes of speech therapy, 3 times per week.',
    '她每月接受三次言语治疗，每次30分钟。',
    ['三次'],
  ],
  [
    'zh',
    'She gets 30 minutes of speech therapy, 3 times per week.',
    '她每周接受三次言语治疗。',
    ['30 minutes'],
  ],
  ['zh', 'She gets 30 minutes of speech therapy per week.', '她每周接受半小时的言语治疗。', []],
  ['zh', 'She gets 30 minutes of speech therapy per week.', '她每周接受３０分钟的言语治疗。', []],
  ['zh', 'She gets 30 minutes of speech therapy per week.', '她每周接受30小时的言语治疗。', ['30小时']],
  ['zh', 'The service is 1.5 hours per day.', '每天的服务时间是一个半小时。', []],
  ['zh', 'The service is 90 minutes per day.', '每天的服务时间是1小时30分钟。', []],
  ['zh', 'She is right in 80% of cases.', '她在百分之八十的情况下是正确的。', []],
  ['zh', 'She is right in 80–90% of cases, 4 out of 5 trials.', '她有80%至90%的正确率，5次中有4次做到。', []],
  ['zh', 'She is right in 4 out of 5 trials.', '她五次尝试中有三次是正确的。', ['五次尝试中有三']],
  ['zh', 'The meeting was on March 12, 2026.', '会议在2026年3月12日举行。', []],
  ['zh', 'The meeting was on March 12, 2026.', '会议在二〇二六年三月十二日举行。', []],
  ['zh', 'The meeting was on March 12, 2026.', '会议在2026年3月21日举行。', ['2026年3月21日']],
  ['zh', 'Therapy is on Wednesday, 2 times per month.', '治疗在星期三进行，每月两次。', []],
  ['zh', 'Therapy lasts 3 months.', '治疗持续3个月。', []],
  ['zh', 'Therapy lasts 3 months.', '治疗在3月进行。', ['3 months', '3月']],
  ['zh', 'The bus comes at 7:35 a.m.', '校车在上午7点35分到。', []],
  ['zh', 'The bus comes at 3 p.m.', '校车在下午3点到。', []],
  ['zh', 'She is 9 years old, in third grade.', '她九岁，上三年级。', []],
  ['zh', 'The cost is $1,200.', '费用是1,200美元。', []],
  ['zh', 'Grace Hopper reads with Ada.', 'Grace Hopper 和 Ada 一起读书。', []],
  ['zh', 'Grace Hopper reads with Ada.', '格蕾丝·霍珀和 Ada 一起读书。', ['Grace Hopper']],
  ['zh', 'The teacher reads with Ada.', '老师和 Ada、Linus 一起读书。', ['Linus']],
  ['zh', 'Ada reads.', 'Ada 阅读半天。', ['半天']],
  ['zh', 'She gets half a day of OT.', '她接受半天的作业治疗。', []],
  ['zh', 'Half a week, half a month, one and a half months', '半周，半个月，一个半月', []],
  ['zh', 'She gets 3 half days.', '她有三个半天。', []],
  ['zh', 'A dozen minutes, a dozen pencils', '十二分钟，十二支铅笔', []],
  ['zh', 'A couple of hours', '几个小时', []],
  ['zh', 'She gets a full hour weekly.', '她每周接受一整个小时。', []],
  ['zh', 'Half of the words', '一半的词', []],
  // Vietnamese
  ['vi', 'She gets 30 minutes of speech therapy per week.', 'Em nhận 30 phút trị liệu lời nói mỗi tuần.', []],
  [
    'vi',
    'She gets 30 minutes of speech therapy per week.',
    'Mỗi tuần em nhận ba mươi phút trị liệu lời nói.',
    [],
  ],
  [
    'vi',
    'She gets 30 minutes of speech therapy per week.',
    'Em nhận nửa giờ trị liệu lời nói hàng tuần.',
    [],
  ],
  [
    'vi',
    'She gets 30 minutes of speech therapy per week.',
    'Em nhận 30 phút trị liệu lời nói mỗi tháng.',
    ['30 phút trị liệu lời nói mỗi tháng'],
  ],
  ['vi', 'She gets 30 minutes, 3 times per week.', 'Em nhận 3 lần mỗi tuần, mỗi lần 30 phút.', []],
  ['vi', 'She gets 30 minutes, 3 times per week.', 'Em nhận ba buổi 30 phút một tuần.', []],
  ['vi', 'She gets 30 minutes, 3 times per week.', 'Em nhận 30 phút mỗi tuần, 3 lần.', ['30 phút mỗi tuần']],
  ['vi', 'She gets 5 minutes of rest.', 'Em được nghỉ năm phút.', []],
  ['vi', 'Ada reads.', 'Ada đọc nửa ngày.', ['nửa ngày']],
  ['vi', 'She gets half a day of OT.', 'Em nhận nửa ngày trị liệu.', []],
  ['vi', 'A dozen minutes, a dozen pencils', 'Mười hai phút, một tá bút chì', []],
  ['vi', 'A couple of hours', 'Vài giờ', []],
  ['vi', 'Half of the words, with two aides', 'Một nửa số từ, với hai phụ tá', []],
  ['vi', 'Therapy is given 2 times per month.', 'Trị liệu được thực hiện mỗi tháng 2 lần.', []],
  ['vi', 'The meeting was on March 12, 2026.', 'Buổi họp diễn ra vào ngày 12 tháng 3 năm 2026.', []],
  ['vi', 'The meeting was on March 12, 2026.', 'Buổi họp diễn ra vào ngày 12 tháng ba năm 2026.', []],
  [
    'vi',
    'The meeting was on March 12, 2026.',
    'Buổi họp diễn ra vào ngày 12 tháng 5 năm 2026.',
    ['ngày 12 tháng 5 năm 2026'],
  ],
  ['vi', 'Therapy lasts 3 months, from March 2026.', 'Trị liệu kéo dài 3 tháng, từ tháng 3 năm 2026.', []],
  ['vi', 'The service is 1.5 hours per day.', 'Dịch vụ là một giờ rưỡi mỗi ngày.', []],
  [
    'vi',
    'She is right in 80% of cases, 4 out of 5 trials.',
    'Em đúng trong tám mươi phần trăm trường hợp, 4 trên 5 lần thử.',
    [],
  ],
  ['vi', 'She is 9 years old, in grade 4.', 'Em 9 tuổi, học lớp bốn.', []],
  ['vi', 'The score is 22.5; it was 1,200 before.', 'Điểm là 22,5; trước đó là 1.200.', []],
  ['vi', 'The bus comes at 7:35 a.m.', 'Xe buýt đến lúc 7 giờ 35 phút sáng.', []],
  ['vi', 'Ms. Hopper reads with Ada.', 'Cô Hopper đọc cùng Ada.', []],
  ['vi', 'The teacher reads with Ada.', 'Cô Hopper đọc cùng Ada.', ['Hopper']],
  ['vi', 'The teacher reads with Ada.', 'Cô Lan đọc cùng Ada.', ['Lan']],
]

test.for(said)('%s: "%s" as "%s"', ([language, source, translation, values]) => {
  const { findings } = checkTranslation(summary(source), summary(translation), language)

  expect(findings.filter(({ kind }) => kind !== 'language').map(({ value }) => value)).toEqual(values)
})

/** A wrong value and one that is missing are told as one fault, at the sentence of the translation. */
test('a value that became another one is told once, with both', () => {
  const source = 'Ada is kind. She gets 30 minutes of speech therapy per week.'
  const translation = 'Ada es amable. Recibe **45 minutos** de terapia del habla por semana.'

  const { findings } = checkTranslation(summary(source), summary(translation), 'es')

  expect(findings).toEqual([
    {
      place: 'summary',
      kind: 'amount',
      sentence: 'Recibe **45 minutos** de terapia del habla por semana.',
      value: '45 minutos de terapia del habla por semana',
      message:
        'The summary says "45 minutos de terapia del habla por semana" where the source says "30 minutes of speech therapy per week".',
    },
  ])
})

test('amounts that changed places between list items or cells are found', () => {
  const source = '- Speech therapy: 30 minutes per week\n- Counseling: 60 minutes per week'
  const swapped = '- Terapia del habla: 60 minutos por semana\n- Consejería: 30 minutos por semana'
  const table = '| Speech | 30 minutes | 60 minutes |\n| --- | --- | --- |'
  const swappedTable = '| Habla | 60 minutos | 30 minutos |\n| --- | --- | --- |'

  expect(kinds(checkTranslation(summary(source), summary(swapped), 'es').findings)).toEqual([
    'amount',
    'amount',
  ])
  expect(kinds(checkTranslation(summary(table), summary(swappedTable), 'es').findings)).toEqual([
    'amount',
    'amount',
  ])
})

/** A source, what became of its structure, and what is said about it. */
const structures: [source: string, translation: string, message: string][] = [
  [
    'One thing.\n\nAnother thing.',
    'Una cosa. Otra cosa.',
    'The summary has 1 paragraph where the source has 2 paragraphs.',
  ],
  [
    '- one thing\n- another thing',
    '- una cosa',
    'The summary has 1 list item where the source has 2 list items.',
  ],
  [
    '| a thing | b |\n|---|---|\n| c | d |',
    '| una cosa | b |\n|---|---|',
    'The summary has 1 table row where the source has 2 table rows.',
  ],
  [
    '| a thing | b |\n|---|---|\n| c | d |',
    '| una cosa | b |\n|---|---|\n| c |',
    'A row of a table in the summary has 1 columns where the source has 2.',
  ],
  [
    '# A thing\n\nText.',
    'Una cosa\n\nTexto.',
    'The summary has 2 paragraphs where the source has 1 paragraph.',
  ],
  [
    '- one thing\n\nText of it.',
    'Texto de ello.\n\n- una cosa',
    'The paragraphs, lists, tables and headings of the summary are not in the order of the source.',
  ],
]

test.for(structures)('the structure of %j is not kept by %j', ([source, translation, message]) => {
  const { findings } = checkTranslation(summary(source), summary(translation), 'es')

  expect(findings.filter(({ kind }) => kind === 'structure').map(({ message }) => message)).toContain(message)
})

test('sections are the same, in the same order, found and cited alike', () => {
  const change = (sections: Content['sections']): string[] =>
    checkTranslation(english, { ...spanish, sections }, 'es').findings.map(
      ({ place, kind }) => `${place} ${kind}`,
    )
  const [first, second, ...others] = spanish.sections as [Content['sections'][0], Content['sections'][0]]

  expect(change([first, ...others])).toEqual(['eligibility missing'])
  expect(change([second, first, ...others])).toEqual(['eligibility structure'])
  expect(change([first, second, second, ...others])).toEqual(['eligibility structure'])
  expect(change([{ ...first, found: false }, second, ...others])).toEqual(['presentLevels structure'])
  expect(change([{ ...first, pages: [3] }, second, ...others])).toEqual(['presentLevels structure'])
  expect(
    checkTranslation(english, { ...spanish, summaryPages: [1] }, 'es').findings.map(({ place, kind }) => [
      place,
      kind,
    ]),
  ).toEqual([['summary', 'structure']])
})

const wrongLanguage: [language: Translated, what: string, text: string, sentences: string[]][] = [
  ['es', 'left in English', 'Ada reads well and helps other children in her class.', ['']],
  [
    'es',
    'one sentence left in English',
    'Ada lee bien y ayuda a otros niños de su clase. She learns new words every day with her teacher. También le gusta dibujar pájaros y mapas.',
    ['She learns new words every day with her teacher.'],
  ],
  [
    'es',
    'in Portuguese',
    'Ada lê bem e ajuda as outras crianças da sua turma. Ela gosta muito de pássaros e de mapas, e não desiste quando o trabalho é difícil para ela.',
    [''],
  ],
  ['vi', 'in Spanish', 'Ada lee bien y ayuda a otros niños de su clase.', ['']],
  ['vi', 'without accents', 'Ada doc tot va giup do cac ban khac trong lop cua em.', ['']],
  ['zh', 'left in English', 'Ada reads well and helps other children in her class.', ['']],
  ['zh', 'in traditional characters', 'Ada 閱讀得很好，也幫助班上其他的學生。', ['']],
  ['zh', 'in Japanese', 'Ada reads. アダはよくよみ、クラスのほかのこどもをたすけます。', ['']],
  [
    'zh',
    'one sentence left in English',
    'Ada 阅读得很好，也帮助班上其他的孩子。She learns new words. 她还喜欢画鸟和地图。',
    ['She learns new words.'],
  ],
]

test.for(wrongLanguage)('%s: %s', ([language, , text, sentences]) => {
  const faults = checkTranslation(summary('Ada is kind.'), summary(text), language).findings.filter(
    ({ kind }) => kind === 'language',
  )

  expect(faults.map(({ sentence }) => sentence)).toEqual(sentences)
})

const rightLanguage: [language: Translated, source: string, text: string][] = [
  ['es', 'Reading', 'Lectura'],
  ['es', 'Ms. Grace Hopper, Woodcock-Johnson IV', 'Sra. Grace Hopper, Woodcock-Johnson IV'],
  ['es', '| WISC-V | 98 |', '| WISC-V | 98 |'],
  ['es', 'Ada uses the Chromebook.', 'Ada usa la Chromebook.'],
  ['zh', 'Grace Hopper', 'Grace Hopper'],
  [
    'zh',
    'Ada took the Woodcock-Johnson Tests of Achievement.',
    'Ada 参加了 Woodcock-Johnson Tests of Achievement 测验。',
  ],
  ['vi', 'Grace Hopper', 'Grace Hopper'],
  ['vi', 'Yes', 'Có'],
]

test.for(rightLanguage)('%s: "%s" may be "%s"', ([language, source, text]) => {
  expect(checkTranslation(summary(source), summary(text), language).findings).toEqual([])
})

test.for(['es', 'zh', 'vi'] as const)(
  'a place with the very words of the English is not in %s',
  (language) => {
    const { findings } = checkTranslation(english, { ...english }, language)

    expect(new Set(findings.filter(({ kind }) => kind === 'language').map(({ place }) => place))).toEqual(
      new Set(places),
    )
  },
)

function summary(text: string): Content {
  return { summary: text, summaryPages: [1], sections: [] }
}

function kinds(findings: Finding[]): string[] {
  return findings.map(({ kind }) => kind)
}
