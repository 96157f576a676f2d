/** The names of months, and whether a name alone, with no day or year beside it, is a month for sure. */
export const englishMonths = named(
  'january february march april may june july august september october november december',
  'jan feb mar apr may jun jul aug sep oct nov dec',
).set('sept', 9)

export const spanishMonths = named(
  'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
  'ene feb mar abr may jun jul ago sep oct nov dic',
)
  .set('setiembre', 9)
  .set('sept', 9)

/** Behind `tháng`; most months are numbers. */
export const vietnameseMonths = new Map([
  ['giêng', 1],
  ['tư', 4],
  ['chạp', 12],
])

/** Months whose names are ordinary words as well: they count only with a capital letter and beside a number. */
export const doubtfulMonths = new Set('may march mar sep set ago'.split(' '))

function named(full: string, short: string): Map<string, number> {
  return new Map(
    [full, short].flatMap((list) => list.split(' ').map((name, n): [string, number] => [name, n + 1])),
  )
}
