/** What a field of an answer is about, and by what words a document speaks of it. */
export interface Topic {
  /** As a heading would call it. */
  title: string
  /** A heading that opens it. */
  heading: RegExp
  /** Words of a sentence about it, for a document that has no such heading. */
  words: RegExp
}

/** The topic of a field or a key, from its name: `presentLevels`, `key_people`, `accommodations`. */
export function topicOf(name: string): Topic {
  const plain = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .toLowerCase()
  const known = topics.find(([pattern]) => pattern.test(plain))
  const title = plain.charAt(0).toUpperCase() + plain.slice(1)
  if (known) return { title, heading: known[1], words: known[2] }
  const words = new RegExp(String.raw`\b${plain.replaceAll(/\W+/g, '.')}`, 'i')
  return { title, heading: words, words }
}

/** Whether a line is the heading of any topic, and so the end of the one before. */
export const opensTopic = (line: string): boolean => topics.some(([, heading]) => heading.test(line))

/** By the words of the field's name. Headings are matched from their beginning, less a number in front. */
const topics: [name: RegExp, heading: RegExp, words: RegExp][] = [
  [
    /present|current level|performance/,
    /^(?:present levels?|plaafp|plop|current (?:levels?|performance|functioning)|levels? of (?:academic|performance))/i,
    /\bpresent levels?\b|\bgrade[- ]level\b|\bcurrently (?:reads|writes|performs)\b|\bassessed\b|\bscored?\b/i,
  ],
  [
    /eligib/,
    /^(?:eligib|disabilit|primary disability|determination of eligib|qualif)/i,
    /\beligib|\bdisabilit|\bqualifies\b/i,
  ],
  [
    /placement|environment/,
    /^(?:(?:educational )?placement|least restrictive|lre\b|educational (?:setting|environment)|participation)/i,
    /\bplacement\b|\bleast restrictive\b|\bgeneral education (?:classroom|setting)\b|\bresource room\b/i,
  ],
  [
    /goal|objective/,
    /^(?:(?:measurable )?(?:annual )?goals?\b|(?:short[- ]term )?objectives?\b)/i,
    /\bannual goal\b|\bgoals?\b|\bobjectives?\b/i,
  ],
  [
    /service/,
    /^(?:(?:special education|related|supplementary|summary of|educational)(?: and (?:related|special education))? )*(?:services?|aids)\b/i,
    /\b(?:speech|occupational|physical) therapy\b|\bminutes (?:per|a|each)\b|\bcounsell?ing\b/i,
  ],
  [
    /accommodation|modification/,
    /^(?:(?:classroom|testing|program|supports?,?|and) )*(?:accommodations?|modifications?)\b/i,
    /\baccommodations?\b|\bextended time\b|\bextra time\b|\bpreferential seating\b|\bmodifications?\b/i,
  ],
  [
    /consent/,
    /^(?:(?:informed|parent(?:al)?|guardian)(?:[ /](?:or |and )?guardian)? )*(?:consent|agreement|signatures?)\b/i,
    /\bconsents?\b|\bsignature\b|\bagree with\b/i,
  ],
  [
    /people|team|member|participant|contact/,
    /^(?:(?:iep )?(?:team|meeting)(?: (?:members?|participants?|attendees))?\b|participants?\b|key people|members\b|attendees|contacts?\b)/i,
    /\bcase manager\b|\bteam members?\b|\bpathologist\b|\bpsychologist\b|\bteacher:|\bprincipal\b/i,
  ],
  [
    /strength|interest/,
    /^(?:(?:student|child|academic)?(?:['’]s)? ?strengths?\b|strengths,|interests?\b)/i,
    /\bstrengths?\b|\benjoys\b|\bexcels\b|\bdoes well\b|\bproud\b/i,
  ],
]
