/**
 * Material for a model between lines that name it, which nothing inside can imitate: no line of the material may hold
 * three equals signs in a row.
 */
export function fenced(parts: Iterable<{ label: string; text: string }>, end: string): string {
  let question = ''
  for (const { label, text } of parts) question += `=== ${label} ===\n${harmless(text)}\n\n`
  return `${question}=== ${end} ===`
}

const harmless = (text: string): string => text.replace(/[=＝﹦]{3,}/g, '==')
