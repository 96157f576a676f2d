/**
 * Whether a word (folded) ends as English nouns, adverbs and adjectives do and names rarely: `Articulation`,
 * `Additionally`. Names that end so (`Emily`, `Florence`) are kept apart by hand.
 */
export function looksOrdinary(word: string): boolean {
  if (namesAllTheSame.has(word)) return false
  return endings.test(word)
}

const endings =
  /^[a-z]{3,}(?:tions?|sions?|ments?|ness|ings?|ities|ity|ances?|ences?|ancy|ency|ships?|isms?|ists?|ology|ologists?|ological|graphy|ically|ally|ously|ively|ably|ibly|ously|ished|ated|ized|ised|ized|able|ible|ful|less|ous|ious|tive|sive|tical|mic|nal|ional|ular|ward|wards|wise|edly|tly|ately|ery|cally|ures?|ables|aries|ories|ology|metry|pathy|plegia|lexia|graphia|calculia|phasia|praxia|itis|therapy|therapist|therapies|ing|ed|ly)$/

const namesAllTheSame = new Set(
  `emily kelly sally molly holly polly lily billy willy kimberly beverly shelly carly everly bentley ashly
  ned ted fred jed red alfred wilfred mildred winifred ahmed mohamed mohammed muhammed rashed reed creed saeed waleed khaled khalid
  ming ling jing ping ding ying qing bing sterling manning fleming harding browning dowling darling irving king ring keating golding
  florence terrence lawrence clarence constance prudence vance torrance laurence spence terence
  felicity charity trinity verity serenity amity
  clement clements clemente vincent
  avery emery jeffery montgomery hillary zachary gregory rory mallory henry
  howard edward
  grace wallace jonathan
  christian adrian fabian
  rosario dolores concepcion asuncion encarnacion ascension asencion leon deon simeon gideon
  tallis ellis wallis louis
  ayers hadley hensley crowley wesley presley
  mcclure ventures couture venture mabel annabel isabel
  dominic cedric eric patric frederic ludovic
  ravenel lionel nell cornell russell campbell mitchell howell maxwell
  whitefeather quillfeather fairweather mallery
  ashcombe`.split(/\s+/),
)
