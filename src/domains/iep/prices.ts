/**
 * What a model costs. Prices change without notice and differ between contracts: these are for a first idea of what a
 * document costs, and the invoice is right. To change one, or to add a model, change this table; calls that were
 * written down keep the price of their day. A model that is not here costs `null`, which is not nothing.
 */
interface Price {
  /** US dollars per 1,000 pages. */
  pages?: number
  /** US dollars per million tokens. */
  prompt?: number
  completion?: number
}

const prices: Record<string, Price> = {
  // Published price, July 2026, without annotations.
  'mistral-ocr-4-1': { pages: 4 },
  // Published prices, June 2026.
  'mistral-medium-3-5': { prompt: 1.5, completion: 7.5 },
  'mistral-large-2512': { prompt: 0.5, completion: 1.5 },
}

/** Millionths of a US dollar, rounded up; null for a model whose price is not known. */
export function readingCost(model: string, pages: number): number | null {
  const price = prices[model]
  return price?.pages === undefined ? null : Math.ceil(pages * price.pages * 1000)
}

/** Millionths of a US dollar, rounded up; null for a model whose price is not known. */
export function chatCost(
  model: string,
  tokens: { promptTokens: number; completionTokens: number },
): number | null {
  const price = prices[model]
  if (price?.prompt === undefined || price.completion === undefined) return null
  // A dollar per million tokens is a millionth of a dollar per token.
  return Math.ceil(tokens.promptTokens * price.prompt + tokens.completionTokens * price.completion)
}
