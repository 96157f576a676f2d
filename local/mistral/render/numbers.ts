const small = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen'
).split(' ')

const tens = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']

/** `one` alone is as often a pronoun: only from two on is a word taken for a number. */
const counting = [...small.slice(10), ...small.slice(2, 10)].join('|')
const ten = tens.join('|')

/** A number in digits, with what stands around them, or in words. */
export const numberPattern =
  String.raw`[$€£]?\d+(?:[.,:/-]\d+)*(?:\s?%|(?:st|nd|rd|th)(?!\p{L}))?` +
  String.raw`|(?<!\p{L})(?i:(?:${ten})(?:-(?:${small.slice(1, 10).join('|')}))?|${counting})(?!\p{L})`

/** The same in digits, which every language shares. */
export function numberSaid(text: string): string {
  if (/\d/.test(text)) return text.replace(/(?<=\d)(?:st|nd|rd|th)$/, '')
  const [first = '', second = ''] = text.toLowerCase().split('-')
  const round = tens.indexOf(first)
  return String(round === -1 ? small.indexOf(first) : (round + 2) * 10 + Math.max(0, small.indexOf(second)))
}
