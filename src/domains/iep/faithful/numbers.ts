import type { Language } from '../content.ts'

/**
 * The numbers that digits with dots and commas may mean. English has one reading; Spanish and Vietnamese are written
 * both ways in the United States, so `1.200` may be 1200 or 1.2 there. None for what is no single number: `3,4,5`.
 */
export function numbersIn(text: string, language: Language): number[] {
  if (!/[.,]/.test(text)) return [Number(text)]
  const english = isGrouped(text, ',', '.')
  const european = isGrouped(text, '.', ',')
  const found: number[] = []
  if (english) found.push(Number(text.replaceAll(',', '')))
  if (european && (language === 'es' || language === 'vi'))
    found.push(Number(text.replaceAll('.', '').replace(',', '.')))
  return [...new Set(found)]
}

/** Whether thousands and decimals are where this way of writing has them. */
function isGrouped(text: string, thousands: string, decimal: string): boolean {
  const [whole = '', fraction, ...rest] = text.split(decimal)
  if (rest.length > 0 || fraction?.includes(thousands)) return false
  const [head = '', ...groups] = whole.split(thousands)
  if (groups.length === 0) return true
  return head.length <= 3 && head !== '' && groups.every((group) => group.length === 3)
}
