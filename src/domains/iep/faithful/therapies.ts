import { plainText } from './plain-text.ts'
import type { Value } from './values.ts'

/** A kind of therapy, instruction or help that has minutes of its own. */
export type Service = (typeof services)[number]['service']

/** The services a text speaks of. Text to speech is none. */
export function servicesNamed(markdown: string): Set<Service> {
  return new Set(mentionsIn(plainText(markdown)).map(({ service }) => service))
}

/**
 * The services a text may speak of in other words, or in words that mean something else as well: reading is a service
 * and the subject of goals, and the resource specialist gives academic instruction.
 */
export function servicesHinted(markdown: string): Set<Service> {
  const text = plainText(markdown)
  return new Set(services.filter(({ hint }) => hint?.test(text)).map(({ service }) => service))
}

/**
 * Tells which service an amount of a sentence is about: the one named right behind it (`60 minutes of speech therapy`),
 * else the last one named before it (`Speech therapy: 60 minutes`); nothing if the sentence names none.
 */
export function servicesBeside(sentence: string): (value: Value) => Service | undefined {
  const text = plainText(sentence)
  const mentions = mentionsIn(text)
  return ({ start, end }) => {
    if (mentions.length === 0) return undefined
    const behind = /^[^.;:,()\d]{0,60}/.exec(text.slice(end, end + 60))?.[0].length ?? 0
    return (
      mentions.find(({ at }) => at >= end && at < end + behind)?.service ??
      mentions.findLast(({ at }) => at < start)?.service
    )
  }
}

function mentionsIn(text: string): { service: Service; at: number }[] {
  return services
    .flatMap(({ service, name }) => Array.from(text.matchAll(name), ({ index }) => ({ service, at: index })))
    .sort((a, b) => a.at - b.at)
}

/** What a word must be followed by to be a service and not the subject of a goal. */
const given = String.raw`\s{1,3}(?:specialists?|services?|intervention(?:ist)?s?|support)\b`

/** `name` is the service for certain, `hint` leaves it open. People who give several services are hints. */
const services = [
  { service: 'speech', name: /(?<!to[- ])\b(?:[Ss]peech|SPEECH)\b(?![- ]to\b)|\bSLP\b/g, hint: undefined },
  { service: 'occupational', name: /\b[Oo]ccupational\b|\bOCCUPATIONAL\b|\bOT\b/g, hint: undefined },
  { service: 'physical', name: /\b[Pp]hysical [Tt]herap|\bPHYSICAL THERAP|\bPT\b/g, hint: undefined },
  {
    service: 'physical education',
    name: /\b(?:[Pp]hysical [Ee]ducation|PHYSICAL EDUCATION)\b|\bA?PE\b|\bP\.\s?E\./g,
    hint: undefined,
  },
  { service: 'counseling', name: /\bcounsell?ing\b/gi, hint: undefined },
  {
    service: 'psychological',
    name: /\bpsychological (?:services?|support|therapy)\b/gi,
    hint: /\bpsycholog/i,
  },
  { service: 'social work', name: /\bsocial work\b/gi, hint: /\bsocial work/i },
  {
    service: 'academic',
    name: /\bacademic instruction\b|\bSAI\b/gi,
    hint: /\bresource (?:specialist|services?|program|support)\b|\bRSP\b/i,
  },
  {
    service: 'resource',
    name: /\bresource (?:specialist|services?|program|support)\b|\bRSP\b/gi,
    hint: /\bresource\b|\bacademic\b|\bSAI\b|\beducation specialist\b/i,
  },
  {
    service: 'reading',
    name: new RegExp(String.raw`\breading${given}`, 'gi'),
    hint: /\bread|\bliteracy\b|\bacademic\b|\bSAI\b/i,
  },
  {
    service: 'math',
    name: new RegExp(String.raw`\bmath(?:ematics)?${given}`, 'gi'),
    hint: /\bmath|\bacademic\b|\bSAI\b/i,
  },
  {
    service: 'writing',
    name: new RegExp(String.raw`\bwriting${given}`, 'gi'),
    hint: /\bwrit|\bacademic\b|\bSAI\b/i,
  },
  { service: 'consultation', name: /\bconsult(?:s|ation)?\b/gi, hint: undefined },
  { service: 'nursing', name: /\bnurs(?:e|ing)\b/gi, hint: undefined },
  {
    service: 'vision',
    name: /\bvision\b(?!\s{1,3}(?:and hearing|screening|tests?|exam|was|is)\b|:? passed)|\bTVI\b|\bvisually impaired\b/gi,
    hint: /\bvision\b|\bvisual/i,
  },
  {
    service: 'mobility',
    name: /\borientation (?:and|&) mobility\b|\bO ?& ?M\b|\bmobility (?:services?|training|instruction|specialist|support)\b/gi,
    hint: /\bmobility\b/i,
  },
  {
    service: 'hearing',
    name: /\bDHH\b|\bdeaf\b|\bhard of hearing\b|\baudiolog\w{1,10}|\bhearing (?:services?|specialist|support|therapy)\b/gi,
    hint: /\bhearing\b|\bdeaf/i,
  },
  {
    service: 'behavior',
    name: /\bbehaviou?r(?:al)? (?:intervention|services?|support|therapy)\b(?! plan)|\bBI[ID]\b|\bABA\b|\bapplied behaviou?r analysis\b/gi,
    hint: /\bbehaviou?r|\bBCBA\b|\bRBT\b/i,
  },
  {
    service: 'transportation',
    name: /\btransportation\b/gi,
    hint: /\btransport|\bbus\b/i,
  },
  {
    service: 'aide',
    name: /\baides?\b|\bpara(?:professional|educator)s?\b/gi,
    hint: /\baides?\b|\bassistant\b|\bpara|\bindividual services\b/i,
  },
] as const satisfies readonly { service: string; name: RegExp; hint: RegExp | undefined }[]
