import {
  matter,
  matterPattern,
  months,
  rate,
  ratePattern,
  spanishMonths,
  unit,
  unitPattern,
  type Foreign,
} from './lexicon.ts'
import { numberPattern, numberSaid } from './numbers.ts'

/** Something that can be carried over from an English sentence without understanding it. */
export interface Item {
  kind: 'date' | 'amount' | 'rate' | 'matter' | 'name'
  /** In the other language. */
  text: string
  /** Where it stands in the English sentence. */
  start: number
  end: number
}

/** Dates, amounts, numbers, names, and the words that the lexicon has, in the order of the sentence. */
export function itemsOf(sentence: string, language: Foreign): Item[] {
  return Array.from(sentence.matchAll(anything)).flatMap((match) => {
    const item = rendered(match, sentence, language)
    return item && item.text !== ''
      ? [{ ...item, start: match.index, end: match.index + match[0].length }]
      : []
  })
}

/** Words with which sentences begin and names don't. */
const common = (
  'a an the this that these those he she it they we you i his her its their our your my in on at by for from to of ' +
  'with without when while during after before since until if as and or but so not no yes all any each every some ' +
  'both given using there here what which who whose where why how is are was were be has have had will would can ' +
  'could may might must shall should do does did extract made also however because although through under over ' +
  'between then than more most many much few other another such same very please new old'
).replaceAll(' ', '|')

const month = months.map((name) => `${name}|${name.slice(0, 3)}\\.?`).join('|')

/** A capitalised word, `O'Neil`, `Smith-Lee`, an initial; a month only where no day follows. */
const capital = String.raw`(?!(?:${month}) \d)\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}+)*`

const anything = new RegExp(
  [
    String.raw`(?<![\p{L}\d])(?<month>${month}) (?<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?<year>\d{4}))?(?!\d)`,
    String.raw`(?<!\d)(?<day2>\d{1,2}) (?<month2>${month}) (?<year2>\d{4})`,
    String.raw`(?<![\p{L}\d])(?<month3>${month}) (?<year3>\d{4})`,
    String.raw`(?<![\p{L}\d])(?<rate>(?i:${ratePattern}))(?!\p{L})`,
    String.raw`(?<![\d:])(?<clock>\d{1,2}:\d{2}) ?(?<half>[aApP])\.? ?[mM]\b\.?`,
    String.raw`(?<![\p{L}\d])(?<before>(?i:grade|age|aged|ages)) (?<graded>\d+)(?![\p{L}\d])`,
    String.raw`(?<![\p{L}\d.])(?<amount>${numberPattern})(?:[ -]?(?<unit>(?i:${unitPattern}))(?!\p{L}))?`,
    String.raw`(?<![\p{L}\d])(?<matter>(?i:${matterPattern}))(?!\p{L})`,
    String.raw`(?<![\p{L}\d])(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof)\.? )?(?!(?i:${common})(?![\p{L}'’-]))` +
      String.raw`(?<name>${capital}(?:\.? (?:(?:de|la|van|von|del|der) )?${capital})*)`,
  ].join('|'),
  'gu',
)

function rendered(
  { groups = {}, index = 0 }: RegExpMatchArray,
  sentence: string,
  language: Foreign,
): Pick<Item, 'kind' | 'text'> | undefined {
  const { month, day, year, month2, day2, year2, month3, year3 } = groups
  if (month) return { kind: 'date', text: date(language, { year, month, day }) }
  if (month2) return { kind: 'date', text: date(language, { year: year2, month: month2, day: day2 }) }
  if (month3) return { kind: 'date', text: date(language, { year: year3, month: month3 }) }
  if (groups.rate) return { kind: 'rate', text: rate(groups.rate, language) ?? '' }
  if (groups.clock) return { kind: 'amount', text: clock(groups.clock, groups.half ?? '', language) }
  if (groups.graded) {
    const counted = /^g/i.test(groups.before ?? '') ? 'grade' : 'years old'
    return { kind: 'amount', text: amountOf(groups.graded, counted, language) }
  }
  if (groups.amount) return { kind: 'amount', text: amountOf(groups.amount, groups.unit, language) }
  if (groups.matter) return { kind: 'matter', text: matter(groups.matter, language) ?? '' }
  if (groups.name === undefined || isPlainWord(groups.name, sentence.slice(0, index))) return undefined
  return { kind: 'name', text: groups.name }
}

function date(
  language: Foreign,
  parts: { year?: string | undefined; month: string; day?: string | undefined },
): string {
  const month = months.findIndex((name) => name.startsWith(parts.month.slice(0, 3))) + 1
  const { year, day } = parts
  switch (language) {
    case 'es':
      return [day, spanishMonths[month - 1], year].filter(Boolean).join(' de ')
    case 'zh':
      return `${year ? `${year}年` : ''}${month}月${day ? `${day}日` : ''}`
    case 'vi':
      return [day && `ngày ${day}`, `tháng ${month}`, year && `năm ${year}`].filter(Boolean).join(' ')
  }
}

function clock(time: string, half: string, language: Foreign): string {
  const isMorning = half.toLowerCase() === 'a'
  switch (language) {
    case 'es':
      return `${time} ${isMorning ? 'a. m.' : 'p. m.'}`
    case 'zh':
      return `${isMorning ? '上午' : '下午'}${time}`
    case 'vi':
      return `${time} ${isMorning ? 'sáng' : 'chiều'}`
  }
}

/** A unit that stands before its number, or around it, has a place for it. */
function amountOf(amount: string, counted: string | undefined, language: Foreign): string {
  const number = numberSaid(amount)
  const translated = counted && unit(counted.replace('-', ' '), language)
  if (!translated) return number
  if (translated.includes('{n}')) return translated.replace('{n}', number)
  return language === 'zh' ? `${number}${translated}` : `${number} ${translated}`
}

/** Sentences begin with a capital anyway: a single word there that looks like no name is none. */
function isPlainWord(name: string, before: string): boolean {
  const isFirst = before.trim() === '' || /[.!?:]\s*$/.test(before)
  return isFirst && !name.includes(' ') && endings.test(name)
}

const endings =
  /(?:ing|ed|ly|tion|sion|ial|ual|cal|ment|ous|ive|ness|ity|ance|ence|ics|ful|able|ible|ary|ory|ant|ent)s?$/
