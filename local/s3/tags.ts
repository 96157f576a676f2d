import type { Tag } from './bucket.ts'
import { S3Error } from './errors.ts'
import { element, elements, parseXml, requiredText, type Markup } from './xml.ts'

/** Reads `<Tagging><TagSet>…`. @throws MalformedXML, InvalidTag */
export function parseTags(document: string, most: number): Tag[] {
  const root = parseXml(document, 'Tagging')
  if (root['TagSet'] === undefined) throw new S3Error('MalformedXML')
  const tags = elements(root, 'TagSet').flatMap((set) => elements(set, 'Tag'))
  return checked(
    tags.map((tag) => ({ key: requiredText(tag, 'Key'), value: requiredText(tag, 'Value') })),
    most,
  )
}

/** Reads the header `x-amz-tagging`, which is written like a query. @throws InvalidTag */
export function tagsInHeader(header: string | undefined): Tag[] {
  const tags = [...new URLSearchParams(header ?? '')].map(([key, value]) => ({ key, value }))
  return checked(tags, mostObjectTags)
}

export function tagSet(tags: Tag[]): Markup {
  return element(
    'TagSet',
    tags.map(({ key, value }) => element('Tag', element('Key', key), element('Value', value))),
  )
}

/** S3 User Guide, "Categorizing your storage using tags" and "Using cost allocation S3 bucket tags". */
export const mostObjectTags = 10
export const mostBucketTags = 50

function checked(tags: Tag[], most: number): Tag[] {
  if (tags.length > most) throw new S3Error('InvalidTag', `Tags cannot be greater than ${most}`)
  const keys = new Set(tags.map(({ key }) => key))
  if (keys.size < tags.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
  for (const { key, value } of tags) {
    if (key.length < 1 || key.length > 128)
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid')
    if (value.length > 256) throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid')
  }
  return tags
}
