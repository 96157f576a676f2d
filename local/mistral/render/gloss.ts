import { itemsOf, type Item } from './items.ts'
import type { Foreign } from './lexicon.ts'

/**
 * What an English sentence speaks of, in another language: its items one after the other. What belongs together stays
 * together: `30 minutes per week`, `4 out of 5`, `Goal 1`. Empty if there is nothing that can be carried over.
 */
export function gloss(sentence: string, language: Foreign): string {
  const groups: string[] = []
  let before: Item | undefined
  for (const item of itemsOf(sentence, language)) {
    const together = before && joined(groups.at(-1) ?? '', before, item, sentence, language)
    if (together === undefined) groups.push(item.text)
    else groups[groups.length - 1] = together
    before = item
  }
  return groups.join(language === 'zh' ? '；' : '; ')
}

/** The two as one expression, or undefined if they are two. */
function joined(
  text: string,
  before: Item,
  item: Item,
  sentence: string,
  language: Foreign,
): string | undefined {
  const gap = sentence.slice(before.end, item.start).toLowerCase()
  if (![before.kind, item.kind].some((kind) => kind === 'amount' || kind === 'rate')) return undefined
  if (item.kind === 'rate' && before.kind === 'amount' && /^,?\s*$/.test(gap))
    return language === 'zh' ? `${item.text}${text}` : `${text} ${item.text}`
  if (before.kind === 'matter' && /^ $/.test(gap) && counted.test(sentence.slice(before.start, before.end)))
    return language === 'zh' ? `${text}${item.text}` : `${text} ${item.text}`
  if (before.kind !== 'amount' || item.kind !== 'amount') return undefined

  const words = connectives[language]
  const isRatio = gap.startsWith(' out of') || /\d$/.test(before.text)
  if (isRatio && /^ (?:out )?of (?:the |every )?(?:last )?$/.test(gap))
    return language === 'zh' ? `${item.text}中的${text}` : `${text}${words.of}${item.text}`
  if (/^\s?(?:to|-|–)\s?$/.test(gap)) return `${text}${words.to}${item.text}`
  return undefined
}

/** What is numbered: `Goal 1`. */
const counted = /^(?:goal|objective|section|part|table|page|step)$/i

const connectives: Record<Foreign, { of: string; to: string }> = {
  es: { of: ' de ', to: ' a ' },
  zh: { of: '中的', to: '至' },
  vi: { of: ' trên ', to: ' đến ' },
}
