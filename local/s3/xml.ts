import { XMLParser } from 'fast-xml-parser'
import { S3Error } from './errors.ts'

/** One element of a document a client sent: every child name leads to a list, a child without children is a string. */
export type XmlElement = { readonly [name: string]: readonly (XmlElement | string)[] | undefined }

/**
 * Reads a document and gives back its root element.
 * @throws MalformedXML when it is not well-formed, its root has another name, or it brings a DOCTYPE.
 */
export function parseXml(text: string, rootName: string): XmlElement {
  // No XML can spell NUL, and the parser would drop it: `a&#0;` would name the object `a`.
  if (/<!DOCTYPE/i.test(text) || /&#(x0+|0+);/i.test(text)) throw new S3Error('MalformedXML')
  try {
    const root: unknown = parser.parse(text, true)[rootName]?.[0]
    if (root === '') return {} // an element without children
    if (typeof root === 'object' && root !== null) return root as XmlElement
  } catch (cause) {
    throw Object.assign(new S3Error('MalformedXML'), { cause })
  }
  throw new S3Error('MalformedXML')
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false, // a key may begin or end with a space
  htmlEntities: true, // without it, numeric references such as &#13; stay as they are
  isArray: () => true,
})

/** The children of that name that have children themselves. */
export function elements(parent: XmlElement, name: string): XmlElement[] {
  return (parent[name] ?? []).filter((child) => typeof child !== 'string')
}

/** The texts of all children of that name. */
export function texts(parent: XmlElement, name: string): string[] {
  return (parent[name] ?? []).filter((child) => typeof child === 'string')
}

/** The text of the first child of that name. */
export function text(parent: XmlElement, name: string): string | undefined {
  return texts(parent, name)[0]
}

/** As {@link text}. @throws MalformedXML when there is no such child. */
export function requiredText(parent: XmlElement, name: string): string {
  const found = text(parent, name)
  if (found === undefined) throw new S3Error('MalformedXML')
  return found
}

/** Finished markup. A plain string is never markup: it is escaped wherever it is put. */
export interface Markup {
  readonly markup: string
}

type Content = Markup | string | number | boolean | undefined | Content[]

/** An element with its content; `undefined` leaves nothing behind. */
export function element(name: string, ...content: Content[]): Markup {
  return { markup: `<${name}>${content.map(render).join('')}</${name}>` }
}

/** A whole answer: declaration, root element in S3's namespace, content. */
export function xmlDocument(rootName: string, ...content: Content[]): string {
  return `${declaration}\n<${rootName} xmlns="${namespace}">${content.map(render).join('')}</${rootName}>`
}

/** The error document has no namespace. */
export function errorDocument(...content: Content[]): string {
  return `${declaration}\n${element('Error', ...content).markup}`
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>'
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

function render(content: Content): string {
  if (content === undefined) return ''
  if (Array.isArray(content)) return content.map(render).join('')
  return typeof content === 'object' ? content.markup : escapeXml(String(content))
}

/** Control characters become references, as S3 writes them, though XML 1.0 has no spelling for most of them. */
function escapeXml(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return value.replace(/[&<>"'\u0000-\u0008\u000b-\u001f]/g, (character) => {
    return named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`
  })
}

const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
