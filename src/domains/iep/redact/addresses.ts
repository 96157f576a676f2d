import { endWithUnit, isOneStreet, leadOf, leadsThere, startOfCity } from './broken-addresses.ts'
import { breaksIn, endsLine, type Flowing } from './flowing.ts'
import type { Span } from './spans.ts'
import { after, before, countsSomething, namesSomethingNumbered } from './surroundings.ts'

/**
 * Street addresses, boxes, apartments, and cities with their ZIP codes, wherever they stand and without a label.
 * @param flow a page, or one whose lines were put together: then only what a line break splits
 */
export function addresses(flow: Flowing): Span[] {
  return [
    ...found(flow, streets, isStreet),
    ...found(flow, lowerStreets, isLowerStreet),
    ...found(flow, otherStreets, isStreet),
    ...found(flow, streetsBeforeNumbers, isStreetBeforeNumber),
    ...found(flow, boxes),
    ...found(flow, apartments, isApartment),
    ...found(flow, cities),
    ...found(flow, cityLines, (_, match) => !isNoCity(match[0])),
    ...found(flow, zipsBesideStates, ({ text }, _, end) => !countsSomething(after(text, end))),
    ...found(flow, longZips, ({ text }, { index }) => !namesSomethingNumbered(before(text, index))),
  ]
}

type Holds = (flow: Flowing, match: RegExpExecArray, end: number) => boolean

function* found(flow: Flowing, pattern: RegExp, holds: Holds = () => true): Generator<Span> {
  for (const match of flow.text.matchAll(pattern)) {
    const start = startOfCity(flow, match, streetEnd)
    const end = endWithUnit(flow, match, placeFollows)
    if (flow.breaks.length > 0 && breaksIn(flow, start, end).length === 0) continue
    if (holds(flow, match, end)) yield { kind: 'address', start, end }
  }
}

const number = '(?<![\\p{L}\\d.$/%–-])(?<!\\d,)\\d{1,6}(?:-\\d{1,4})?[A-Z]?(?: 1/2)?,? {1,3}'
const heading = '(?:(?:[NSEW]\\.?|[NS]\\.?[EW]\\.?|North|South|East|West|Norte|Sur|Este|Oeste) {1,3})?'
const word = "(?:\\p{Lu}[\\p{L}'’.-]{0,24}|\\d{1,3}(?:st|nd|rd|th|ST|ND|RD|TH))"
const unit =
  '(?<unit>[ ,]{1,3}(?:Apt|Apartment|Unit|Suite|Ste|Bldg|Building|Floor|Room|Rm|Space|Spc|Lot|Apto|Depto|APT|UNIT|STE|apt|unit|suite|ste)\\b\\.? ?#? ?[A-Za-z0-9-]{1,8}|[ ,]{1,3}# ?[A-Za-z0-9-]{1,8})?'

/** Words that street names end in and little else does. */
const plain =
  'Street|Avenue|Road|Boulevard|Lane|Drive|Court|Terrace|Parkway|Highway|Circle|Crescent|Turnpike|Freeway|Alley|St|Ave|Av|Rd|Blvd|Ln|Dr|Ct|Ter|Pkwy|Hwy|Cir|Tpke|Fwy'
/** Words that much else ends in as well: taken for a street only where more speaks for it. */
const doubtful =
  'Place|Pl|Way|Row|Square|Sq|Trail|Trl|Loop|Plaza|Plz|Path|Park|Walk|Commons|Ridge|Hill|Heights|Landing|Point|View|Vista|Bend|Cove|Crossing|Glen|Green|Grove|Hollow|Knoll|Manor|Meadow|Meadows|Pike|Bluff'
const both = (words: string): string => `${words}|${words.toUpperCase()}`

const streets = new RegExp(
  `${number}${heading}((?:${word} {1,3}){1,4}?)(${both(`${plain}|${doubtful}`)})(?![\\p{L}\\p{N}])\\.?${unit}`,
  'gu',
)

function isStreet(flow: Flowing, match: RegExpExecArray, end: number): boolean {
  const [, name = '', kind = ''] = match
  const whole = flow.text.slice(match.index, end)
  if (isNumbered(leadOf(flow, match.index)) || isCounting(name)) return false
  const rest = after(flow.text, end, 60)
  // The city may stand in the next line or the next cell.
  const next = flow.text
    .slice(end, end + 80)
    .replace(/^,? {0,3}(?:\n|<br ?\/?>) {0,3}/, ' ')
    .replace(/ {0,3}\| {0,3}/g, ', ')
  const proven = /\d$|#/.test(whole.slice(whole.indexOf(kind))) || placeFollows.test(next)
  if (!isOneStreet(flow, match.index, end, kind, proven)) return false
  if (proven) return true
  if (/^walk$/i.test(kind) && isMeasured.test(whole)) return false
  if (new RegExp(`^(?:${doubtful})$`, 'i').test(kind))
    return kind !== kind.toUpperCase() && (endsHere.test(rest) || endsLine(flow, end))
  // `2024 Psychologist Dr. Lee`: a doctor, not a drive.
  return !(/^dr$/i.test(kind) && whole.endsWith('.') && /^ {1,2}\p{Lu}/u.test(rest))
}

/** `10 Meter Walk`, `30 Second Walk`: tests of how somebody walks. */
const isMeasured = /^\d+ {1,3}(?:met(?:er|re)|foot|feet|yard|mile|second|step)s? /i

/** `Grade 3 Reading Lane`: the number belongs to what stands before it. */
const isNumbered = (lead: string): boolean =>
  namesSomethingNumbered(lead) ||
  /(?<!\p{L})(?:tier|grade|grado|level|page|step|phase|bus|period|week|chapter|book|unit|part|ages?|edad)[ *_#:.]{0,4}$/iu.test(
    lead,
  )

/** Nothing comes, or something new begins. */
const endsHere = /^ {0,3}(?:$|[,;|)<*]| {2})/

/** Words that stand between a number and what it counts: `4 out of 5 trials in a row`. */
export function isCounting(name: string): boolean {
  return name
    .toLowerCase()
    .split(/[ .]+/)
    .some((word) => counting.has(word))
}

const counting = new Set(
  (
    'a an and as at by each every for from in into of on or out over per than the this to with within without his her their ' +
    'minutes minute min mins hours hour hrs hr times time days day weeks week weekly daily monthly months month ' +
    'years year trials trial opportunities sessions session goals goal percent students student points score scores ' +
    'grade grades level levels steps words sentences visits meetings page pages section accuracy mr mrs ms services ' +
    'service individual group small direct program programs prompts cues busy psychologist therapist teacher ' +
    'minutos minuto horas hora veces vez días día semanas semana meses mes años año por de cada en para con el los las'
  ).split(' '),
)

/** Small letters, where the last word leaves no doubt: `12 oak street`. */
const lowerStreets =
  /(?<![\p{L}\d.$/%-])\d{1,6} {1,3}((?:[\p{L}'’]{2,24} {1,3}){1,2}?)(?:street|avenue|boulevard|blvd|ave|st|rd|road|ln|lane)(?![\p{L}\p{N}])\.?/giu

function isLowerStreet(flow: Flowing, match: RegExpExecArray, end: number): boolean {
  const [whole, name = ''] = match
  if (isCounting(name) || isNumbered(leadOf(flow, match.index))) return false
  const ends = endsHere.test(after(flow.text, end)) || endsLine(flow, end)
  if (
    /(?<!\p{L})(?:lives?|living|resides?|residing|moved|vive) {1,2}(?:at|to|en) {1,2}$/iu.test(
      leadOf(flow, match.index),
    )
  )
    return true
  if (breaksIn(flow, match.index, end).length > 0)
    return (ends || leadsThere(flow, match.index)) && isOneStreet(flow, match.index, end, 'street', false)
  return /(?:street|avenue|boulevard|blvd|ave)\.?$/i.test(whole) || ends
}

const otherStreets = new RegExp(
  `${number}${heading}(?:` +
    `(?:Calle|Avenida|Via|Vía|Paseo|Camino|Corte|Rue|Rancho|Caminito|CALLE|AVENIDA|CAMINO|PASEO)(?: (?:de|del|la|las|los|el))*(?: ${word}){1,3}` +
    `|(?:Broadway|Embarcadero|The Embarcadero|El Camino Real|Esplanade|BROADWAY)` +
    `|(?:Avenue|Ave\\.?|AVENUE) (?:of the )?\\p{Lu}[\\p{L}]{0,20}` +
    `|(?:(?:Old|State|County|US|U\\.S\\.) ){0,2}(?:Highway|Hwy\\.?|Route|Rte\\.?|Road|HIGHWAY|HWY|ROUTE) \\d{1,4}[A-Z]?` +
    `)(?![\\p{L}\\p{N}])${unit}`,
  'gu',
)

/** `Calle Roble 12`, `Av. 5 de Mayo #120`. */
const streetsBeforeNumbers = new RegExp(
  '(?<!\\p{L})(?:Calle|CALLE|Avenida|AVENIDA|Av(?:da)?\\.?|AV\\.|Carrera|Camino|Paseo|Privada|Callejón|Calzada|Boulevard|Blvd\\.?|Bulevar) ' +
    `(?:(?:\\d{1,2} )?(?:de |del |la |las |los |el )*${word},? ){1,4}(?:No\\.? ?|Núm\\.? ?|Num\\.? ?|# ?|n[.º°]{1,2} ?)?\\d{1,5}(?:-\\d{1,4})?[A-Z]?(?![\\p{L}\\d%])${unit}`,
  'gu',
)

function isStreetBeforeNumber(flow: Flowing, match: RegExpExecArray, end: number): boolean {
  const last = breaksIn(flow, match.index, end).at(-1)
  // A line may begin with a number that has nothing to do with the street at the end of the one before.
  if (last !== undefined && /^\d/.test(flow.text.slice(last + 1)) && !leadsThere(flow, match.index))
    return false
  return !/^ ?(?:%|min|veces|times|hora|hour|por ciento|percent|days|d[íi]as)/i.test(after(flow.text, end))
}

const boxes =
  /(?<!\p{L})(?:P\.? {0,2}O\.? {0,3}(?:Box|B\.)|Post(?:al)? {1,3}Office {1,3}Box|Apartado(?: Postal| de Correos)?|(?:RR|R\.R\.|Rural Route|HC) ?#? ?\d{1,3},? {0,2}Box|Casilla(?: Postal)?)[ |:#]{0,4}(?:No\.? ?)?\d{1,6}(?!\d)/giu

/** A unit of a school book is no apartment: only the words that mean nothing else stand alone. */
const apartments =
  /(?<!\p{L})(?:Apt|APT|Apartment|APARTMENT|Apto|APTO|Apartamento|Depto)(?:\. ?| ?# ?| )#? ?(?:[A-Z]?-?\d{1,5}-?[A-Z]?|[A-Z])(?![\p{L}\d]|\.\p{L})/gu

/** `Apt.⏎A` may be the end of one thing and the beginning of another. */
const isApartment: Holds = (flow, match, end) =>
  breaksIn(flow, match.index, end).length === 0 || /\d/.test(match[0])

const states =
  'A[LKZR]|C[AOT]|DE|DC|FL|GA|I[LA]|K[SY]|LA|M[DAINSOT]|N[EVHJMYCD]|OH|PA|PR|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]'
const stateNames =
  'California|Massachusetts|Calif\\.?|Mass\\.|Alabama|Alaska|Arizona|Arkansas|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Puerto Rico|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming'
const zip = '\\d{5}(?:-\\d{4})?(?!\\d|\\.\\d)'
/** Those that are words as well stand behind a comma. */
const wordStates = '(?<=, {0,3})(?:HI|ID|IN|ME|OK|OR)'
const stateAndZip = `(?:${states}|${wordStates}|C\\. ?A\\.|M\\. ?A\\.|${stateNames}|${stateNames.toUpperCase()})[ ,]{1,4}\\n? {0,3}${zip}`

/** What stands after a street: the city, the state and the ZIP code. */
const placeFollows = new RegExp(`^[ ,]{1,3}(?:${word}[ ,]{1,3}){0,4}${stateAndZip}`, 'u')
const cities = new RegExp(
  `(?<![\\p{L}\\d])(?<city>(?:\\p{Lu}[\\p{L}'’-]{1,24} {1,2}){0,2}\\p{Lu}[\\p{L}'’.-]{1,24}[ ,]{1,4}\\n? {0,3})?${stateAndZip}` +
    `|(?<=, ?)(?:ca|ma|Ca|Ma),? {1,3}${zip}`,
  'gu',
)
/** What may stand between a street and its city. */
const streetEnd = new RegExp(`(?<!\\p{L})(?:${plain}|${doubtful})\\.?,? {0,2}$`, 'u')

/** A line of nothing but a city and five digits. */
const cityLines = new RegExp(
  `(?<=^[ *_>]{0,6})(?:\\p{Lu}[\\p{L}.'’-]{2,24}[ ,]{1,3}){1,3}${zip}(?=[ *_]{0,6}$)`,
  'gmu',
)
/** `Total Minutes 12000`, and a label with what it names. */
const isNoCity = (line: string): boolean =>
  /(?<!\p{L})(?:minut(?:e|o)s?|words|palabras|steps|points|puntos|s?s?id|sasid|lasid|ssn|mrn|cin)[ ,]+\d/iu.test(
    line,
  )
/** In a table or a form the ZIP code has a field of its own. Outside of cells most of these letters are words. */
const zipsBesideStates = new RegExp(
  `(?<=(?<!\\p{L})(?:CA|MA)[ |:,*;)]{1,6}|\\|[ *_]{0,4}(?:${states})[ *_]{0,4}\\|[ *_]{0,4}` +
    `|\\|[ *_]{0,4}\\p{Lu}[\\p{L}.'’ -]{1,30}[ *_]{0,4}\\|[ *_]{0,4}(?:HI|ID|IN|ME|OK|OR)[ *_]{0,4}\\|[ *_]{0,4})${zip}`,
  'gu',
)
const longZips = /(?<![\p{L}\d.-])\d{5}-\d{4}(?![\d-])/gu
