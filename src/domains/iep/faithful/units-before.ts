import { isDigits } from './numerals.ts'
import type { Found, Piece, Quantity } from './pieces.ts'
import { meant, type Term } from './terms.ts'
import { numbersAt } from './units-behind.ts'

/** What stands in front of its number: `grade 3`, `x 2`, `$50`, `Minutes per week: 60`, `Goal 1`, `page 7`. */
export function numbersAfter(
  terms: readonly Term[],
  at: number,
  before: readonly Piece[],
): Found | undefined {
  const term = terms[at] as Term
  const prefix = meant(term, 'before')
  if (prefix && (prefix.unit !== 'times' || before.at(-1)?.is === 'quantity')) {
    const skip = ':#.'.includes(terms[at + 1]?.key ?? 'none') || linking.has(terms[at + 1]?.key ?? '') ? 2 : 1
    const found = numbersAt(terms, at + skip, before)
    if (found && quantitiesOf(found).every(({ unit }) => unit === null)) {
      for (const quantity of quantitiesOf(found)) {
        quantity.unit = prefix.unit
        quantity.factor = prefix.factor
        quantity.vague = false
      }
      ;(found.pieces[0] as Piece).start = term.start
      return found
    }
  }
  if (meant(term, 'unit')) {
    const labelled = labelledAt(terms, at, before)
    if (labelled) return labelled
  }
  const role = roleOf(term)
  if (role) {
    const skip = meant(terms[at + 1], 'label') || terms[at + 1]?.key === '.' ? 2 : 1
    const found = numbersAt(terms, at + skip, before)
    if (found && quantitiesOf(found).every(({ unit }) => unit === null)) {
      for (const quantity of quantitiesOf(found)) quantity.role ??= role
      return role === 'page' ? withTotal(terms, found) : found
    }
  }
  return undefined
}

function roleOf(term: Term): Quantity['role'] {
  if (meant(term, 'section')) return 'section'
  return meant(term, 'label') ? 'label' : meant(term, 'page') ? 'page' : null
}

/** `page 3 of 12`: the 12 counts pages as well. */
function withTotal(terms: readonly Term[], found: Found): Found {
  const total =
    meant(terms[found.next], 'of') && isDigits(terms[found.next + 1]) ? terms[found.next + 1] : undefined
  return total ? { pieces: found.pieces, next: found.next + 2 } : found
}

const linking = new Set(['is', 'of', 'de', 'es', 'là', '是', '为'])

function quantitiesOf({ pieces }: Found): Quantity[] {
  return pieces.filter((piece): piece is Quantity & Piece => piece.is === 'quantity')
}

/** `Minutes: 30`, `Minutes (per week): 60`: a unit that labels the number behind a colon. */
function labelledAt(terms: readonly Term[], at: number, before: readonly Piece[]): Found | undefined {
  const unit = meant(terms[at], 'unit')
  let next = at + 1
  if (terms[next]?.key === '(') next++
  const per = meant(terms[next], 'per')
  if (per) next++
  if (terms[next]?.key === ')') next++
  if (terms[next]?.key !== ':' || !unit) return undefined
  const found = numbersAt(terms, next + 1, before)
  if (!found || quantitiesOf(found).some((quantity) => quantity.unit !== null)) return undefined
  for (const quantity of quantitiesOf(found))
    Object.assign(quantity, { unit: unit.unit, factor: unit.factor, per: per?.per ?? null })
  return found
}
