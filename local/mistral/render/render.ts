import { absent, extractLabel } from '../extract/extract.ts'
import { sentencesIn } from '../sentences.ts'
import { gloss } from './gloss.ts'
import { matter, type Foreign } from './lexicon.ts'

/**
 * An English text in another language, as far as that goes without understanding it: each sentence becomes a sentence
 * that says it is not translated and names what the English one speaks of, numbers, dates and names among it. Lines,
 * headings, lists and tables stay what they are.
 */
export function renderText(text: string, language: Foreign): string {
  return text
    .split('\n')
    .map((line) => renderLine(line, language))
    .join('\n')
}

/** A title or the cell of a table: a few words, not a sentence. */
export function renderShort(text: string, language: Foreign): string {
  const plain = text.trim()
  if (!/\p{L}/u.test(plain)) return text
  const known = matter(plain, language)
  if (known) return capitalised(known)
  return gloss(plain, language) || frames[language].untranslated
}

interface Frame {
  label: string
  /** Around what a sentence speaks of. */
  about: (items: string) => string
  /** For a sentence that speaks of nothing we know. */
  nothing: string
  untranslated: string
  /** For a section that is not there. */
  absent: (title: string) => string
  space: string
}

const frames: Record<Foreign, Frame> = {
  es: {
    label: '[Esto es un extracto hecho sin modelo de lenguaje; esto no es una traducción]',
    about: (items) => `Esta frase no está traducida; el texto en inglés habla de lo siguiente: ${items}.`,
    nothing: 'Esta frase del texto en inglés no está traducida.',
    untranslated: 'sin traducir',
    absent: (title) => `El documento no tiene ninguna sección sobre este tema: ${title}.`,
    space: ' ',
  },
  zh: {
    label: '[这是未使用语言模型制作的摘录，这不是翻译]',
    about: (items) => `这句话没有翻译，英文原文提到以下内容：${items}。`,
    nothing: '英文原文的这句话没有翻译。',
    untranslated: '未翻译',
    absent: (title) => `这份文件没有关于这个主题的部分：${title}。`,
    space: '',
  },
  vi: {
    label: '[Đây là bản trích được làm không có mô hình ngôn ngữ; đây không phải là bản dịch]',
    about: (items) => `Câu này chưa được dịch; văn bản tiếng Anh nói về những điều sau: ${items}.`,
    nothing: 'Câu này của văn bản tiếng Anh chưa được dịch.',
    untranslated: 'chưa dịch',
    absent: (title) => `Tài liệu không có phần nào về chủ đề này: ${title}.`,
    space: ' ',
  },
}

function renderLine(line: string, language: Foreign): string {
  if (line.trim() === '' || isRule.test(line)) return line
  if (line.trim() === extractLabel) return frames[language].label
  if (line.trimStart().startsWith('|')) return renderRow(line, language)
  const [, mark = '', rest = ''] = marked.exec(line) ?? []
  if (mark.includes('#')) return `${mark}${renderShort(rest, language)}`
  return mark + renderSentences(rest, language)
}

/** The line between the head and the body of a table, or a rule across the page. */
const isRule = /^[\s|:-]*-[\s|:-]*$/

const marked = /^(\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?|\d+[.)]\s+|>\s+)*)(.*)$/s

const renderRow = (line: string, language: Foreign): string =>
  line
    .split(/(?<!\\)\|/)
    .map((cell) => (cell.trim() === '' ? cell : ` ${renderShort(cell.trim(), language)} `))
    .join('|')

function renderSentences(text: string, language: Foreign): string {
  const { about, nothing, space, absent: missing } = frames[language]
  return sentencesIn(text)
    .map((sentence) => {
      if (sentence.startsWith(absent)) return missing(gloss(sentence.slice(absent.length), language))
      const items = gloss(sentence, language)
      return items ? about(items) : nothing
    })
    .join(space)
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
