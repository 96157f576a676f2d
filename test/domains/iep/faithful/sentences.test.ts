import { expect, test } from 'vitest'
import { sentencesOf } from '../../../../src/domains/iep/faithful/sentences.ts'
import { chinese } from './samples/chinese.ts'
import { english } from './samples/english.ts'
import { pages } from './samples/pages.ts'
import { spanish } from './samples/spanish.ts'
import { vietnamese } from './samples/vietnamese.ts'

const texts: [what: string, text: string, sentences: string[]][] = [
  [
    'plain sentences',
    'Ada reads. She likes birds! Does she? Yes.',
    ['Ada reads.', 'She likes birds!', 'Does she?', 'Yes.'],
  ],
  [
    'titles and initials',
    'Ms. Hopper met Dr. A. Lovelace. They agreed.',
    ['Ms. Hopper met Dr. A. Lovelace.', 'They agreed.'],
  ],
  [
    'decimals and times',
    'She has 1.5 of 4 points at 8:30 a.m. on Monday. Good.',
    ['She has 1.5 of 4 points at 8:30 a.m. on Monday.', 'Good.'],
  ],
  [
    'abbreviations',
    'Use aids, e.g. Graph paper or approx. 30 min. of rest. Then go on.',
    ['Use aids, e.g. Graph paper or approx. 30 min. of rest.', 'Then go on.'],
  ],
  [
    'a month and a number',
    'It was on Mar. 12 in room no. 7. It was good.',
    ['It was on Mar. 12 in room no. 7.', 'It was good.'],
  ],
  [
    'list items',
    '- Ada reads. She writes.\n- Linus draws\n1. First\n2) Second',
    ['Ada reads.', 'She writes.', 'Linus draws', 'First', 'Second'],
  ],
  [
    'a table',
    '| Service | Minutes |\n| --- | --- |\n| Speech. Therapy | 30 |',
    ['| Service | Minutes |', '| Speech. Therapy | 30 |'],
  ],
  [
    'headings and rules',
    '# What Ada needs\n\n---\n\nShe needs **breaks.** Often.',
    ['What Ada needs', 'She needs **breaks.**', 'Often.'],
  ],
  ['a sentence over two lines', 'Ada reads\nwell. She writes.', ['Ada reads\nwell.', 'She writes.']],
  [
    'lines with labels',
    '**Baseline:** 62 words\n**Responsible:** Grace Hopper',
    ['**Baseline:** 62 words', '**Responsible:** Grace Hopper'],
  ],
  ['quotes', 'She said “I can.” Then she left.', ['She said “I can.”', 'Then she left.']],
  [
    'Spanish',
    '¿Lee Ada? ¡Sí! La Sra. Hopper y el Dr. Lovelace leen a las 8 a. m. con ella. Bien.',
    ['¿Lee Ada?', '¡Sí!', 'La Sra. Hopper y el Dr. Lovelace leen a las 8 a. m. con ella.', 'Bien.'],
  ],
  [
    'Chinese',
    'Ada 阅读。她喜欢鸟！她写字吗？“会。”好。',
    ['Ada 阅读。', '她喜欢鸟！', '她写字吗？', '“会。”', '好。'],
  ],
  ['a Chinese list', '一、阅读\n二、写作\n3、数学', ['阅读', '写作', '数学']],
  [
    'Vietnamese',
    'Ada đọc tốt. TS. Hopper dạy em. Em vui.',
    ['Ada đọc tốt.', 'TS. Hopper dạy em.', 'Em vui.'],
  ],
  ['nothing', ' \n\n---\n* * *\n', []],
]

test.for(texts)('%s', ([, text, sentences]) => {
  expect(sentencesOf(text)).toEqual(sentences)
})

test('every sentence stands in its text word for word, and nothing but marks is left out', () => {
  const contents = [english, spanish, chinese, vietnamese]
    .flatMap(({ summary, sections }) => [summary, sections.map(({ content }) => content)])
    .flat()

  for (const text of [...contents, ...pages.values()]) {
    let rest = text
    for (const sentence of sentencesOf(text)) {
      expect(rest).toContain(sentence)
      rest = rest.replace(sentence, '')
    }
    expect(rest.replaceAll(/^\s*\d+\.\s/gm, '').replaceAll(/[\s#|:-]/g, '')).toBe('')
  }
})
