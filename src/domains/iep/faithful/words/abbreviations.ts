/** What is followed by a name or a word, never by a new sentence: `Ms.`, `e.g.`, `Sra.`, `TS.` */
export const neverLast = new Set(
  `mr mrs ms mx dr drs prof st mt rev hon sr sra srta dra prof profa lic ing ud uds mtra mtro
  e.g i.e eg ie vs cf viz approx pág págs núm art fig vol ed rm dept ths ts bs ks pgs gs tp q p.ej p. ej
  jan feb mar apr jun jul aug sep sept oct nov dec ene abr ago dic`.split(/\s+/),
)

/** What may end a sentence, but not before a digit or a sign. */
export const abbreviations = new Set(
  `no nos p pp pg min mins hr hrs wk wks mo mos yr yrs sec secs a.m p.m am pm etc inc jr gr ext ave blvd rd yrs`.split(
    /\s+/,
  ),
)
