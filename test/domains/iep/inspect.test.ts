import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inspectDocument, refusalOf } from '../../../src/domains/iep/inspect.ts'
import { blankPages, bomb, catalog, laughs, page, pdfOf, printed, stream, tree } from './made-pdfs.ts'
import { zipOf } from './made-zip.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-inspect-'))
})

afterAll(() => rm(directory, { recursive: true }))

/** The pages, or the code of the refusal, whose sentence is a parent's to read. */
async function inspected(bytes: Buffer, name = 'Ada.pdf'): Promise<number | string> {
  const file = path.join(directory, name)
  await writeFile(file, bytes)
  const outcome = await inspectDocument(file, { userId: 'ada', signal: new AbortController().signal })
  if ('pages' in outcome) return outcome.pages
  expect(outcome.refused.message).toMatch(/^This .+\.$/)
  return outcome.refused.code
}

describe('what is taken', () => {
  test('a printed PDF, with as many pages as it has', async () => {
    expect(await inspected(await printed(12))).toBe(12)
  })

  test('one thousand pages, and not one more', async () => {
    expect(await inspected(blankPages(1000))).toBe(1000)
    expect(await inspected(blankPages(1001))).toBe('too-many-pages')
  })

  test('a PDF that only an owner password protects', async () => {
    expect(await inspected(await printed(2, { ownerPassword: 'the school' }))).toBe(2)
    expect(await inspected(await printed(2, { ownerPassword: 'the school', pdfVersion: '1.7ext3' }))).toBe(2)
  })

  test('a PDF with the lines of a printer in front of its header', async () => {
    const job = Buffer.from('\x1B%-12345X@PJL JOB NAME="IEP"\r\n@PJL ENTER LANGUAGE=PDF\r\n')
    expect(await inspected(Buffer.concat([job, await printed(3)]))).toBe(3)
  })

  test('a PDF whose table of contents is wrong, when everything is there', async () => {
    const wrong = blankPages(4)
      .toString('latin1')
      .replace(/startxref\n\d+/, 'startxref\n7')
    expect(await inspected(Buffer.from(wrong, 'latin1'))).toBe(4)
  })

  test('a PDF whose branches count wrongly while the whole is right', async () => {
    const branch = '<< /Type /Pages /Parent 2 0 R /Count 1 /Kids [4 0 R 5 0 R 6 0 R] >>'
    expect(await inspected(pdfOf([catalog(), tree([3], 3), branch, page(), page(), page()]))).toBe(3)
  })

  test('Chinese text in a font that is not inside', async () => {
    const pdf = pdfOf([
      catalog(),
      tree([3]),
      '<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>',
      stream(Buffer.from('BT /F 9 Tf <4E2D6587> Tj ET')),
      '<< /Type /Font /Subtype /Type0 /BaseFont /STSong /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>',
      '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>',
    ])
    expect(await inspected(pdf)).toBe(1)
  })
})

describe('what cannot be opened', () => {
  test.for(['1.4', '1.7ext3'])('a PDF %s that wants a password', async (pdfVersion) => {
    const locked = await printed(2, { userPassword: 'the school', pdfVersion })
    expect(await inspected(locked)).toBe('password')
  })

  test('an empty file', async () => {
    expect(await inspected(Buffer.alloc(0))).toBe('empty')
  })

  test('no pages', async () => {
    expect(await inspected(blankPages(0))).toBe('no-pages')
    expect(await inspected(blankPages(3, 0))).toBe('no-pages')
    expect(await inspected(blankPages(3, -1))).toBe('no-pages')
  })

  test.for([
    ['more pages than there are', blankPages(3, 10)],
    ['far more pages than there are', blankPages(3, 200_000)],
    ['pages where there are none', blankPages(0, 5)],
    ['a page that is not in the file', pdfOf([catalog(), tree([3, 99, 4]), page(), page()])],
    ['pages in a circle', pdfOf([catalog(), tree([2, 3]), page()])],
  ] as const)('a PDF that declares %s', async ([, bytes]) => {
    expect(await inspected(bytes)).toBe('damaged')
  })

  test('a PDF that was cut off, wherever', async () => {
    const whole = await printed(6)
    for (const share of [0.1, 0.5, 0.9, 0.99])
      expect([share, await inspected(whole.subarray(0, whole.length * share))]).toEqual([share, 'damaged'])
  })

  test('a PDF that was cut off after its pages were listed, in the middle of what is on them', async () => {
    const scan = stream(Buffer.alloc(30_000, ' '))
    const whole = pdfOf([catalog(), tree([3, 4]), page(5), page(6), scan, scan])
    expect(await inspected(whole)).toBe(2)
    expect(await inspected(whole.subarray(0, 45_000))).toBe('damaged')
  })

  test('nothing but a header', async () => {
    expect(await inspected(Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5000, 'x')]))).toBe(
      'damaged',
    )
  })

  test('forms and bundles that only Adobe shows', async () => {
    const form = '/NeedsRendering true /AcroForm << /XFA 4 0 R /Fields [] >>'
    const drawn = pdfOf([catalog(form), tree([3]), page(), stream(Buffer.from('<x/>'))])
    const bundle = pdfOf([catalog('/Collection << /View /T >>'), tree([3]), page()])

    expect(await inspected(drawn)).toBe('needs-adobe')
    expect(await inspected(bundle)).toBe('needs-adobe')
  })
})

describe('what is made to do harm', () => {
  test('a megabyte and a half that unfold into one and a half gigabytes', async () => {
    const bytes = await bomb()
    expect(bytes.length).toBeLessThan(2e6)
    expect(await inspected(bytes)).toBe('too-complex')
  })

  test('three kilobytes that draw for ever', async () => {
    const bytes = laughs()
    expect(bytes.length).toBeLessThan(5000)
    expect(await inspected(bytes)).toBe('too-complex')
  })

  test('whoever asked may change their mind', async () => {
    const file = path.join(directory, 'forever.pdf')
    await writeFile(file, laughs())
    const changed = new Error('The worker stops.')
    const abort = new AbortController()

    const outcome = inspectDocument(file, { userId: 'ada', signal: abort.signal })
    setTimeout(() => abort.abort(changed), 500)

    await expect(outcome).rejects.toBe(changed)
  })
})

describe('what is no PDF, whatever its name says', () => {
  test.for(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('a photograph: %s', async (format) => {
    const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } })
    expect(await inspected(await blank.toFormat(format).toBuffer())).toBe('photo')
  })

  test('a photograph of an iPhone', async () => {
    const start = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')
    expect(await inspected(Buffer.concat([start, Buffer.alloc(500)]))).toBe('photo')
  })

  test.for([
    ['docx', zipOf({ '[Content_Types].xml': contentTypes, 'word/document.xml': '<w/>' })],
    ['odt', zipOf({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': '<o/>' })],
    ['pages', zipOf({ 'Index/Document.iwa': 'x', 'Metadata/Properties.plist': 'x' })],
    ['rtf', Buffer.from('{\\rtf1\\ansi Ada}')],
    ['doc', compound('WordDocument')],
    ['docx with a password', compound('EncryptedPackage')],
  ] as const)('what a word processor keeps: %s', async ([, bytes]) => {
    expect(await inspected(bytes)).toBe('word-file')
  })

  test.for([
    ['plain text', Buffer.from('Ada reads 40 words per minute.\n')],
    ['text of old Windows', Buffer.from('Ni\xF1a, 7 a\xF1os\r\n', 'latin1')],
    ['text in UTF-16', Buffer.from('\uFEFFAda', 'utf16le')],
    ['a web page', Buffer.from('<!doctype html><title>Sign in</title>')],
    ['what S3 answers', Buffer.from('<?xml version="1.0"?><Error/>')],
  ] as const)('%s', async ([, bytes]) => {
    expect(await inspected(bytes)).toBe('text-file')
  })

  test.for([
    ['an archive', zipOf({ 'Ada.pdf': 'x' })],
    ['a mail of Outlook', compound('__nameid_version1.0')],
    ['a program', Buffer.from(`MZ${'\0'.repeat(200)}`)],
    ['nothing but zeros, as an upload leaves that broke off', Buffer.alloc(10_000)],
    ['a program that has a PDF inside', Buffer.concat([Buffer.from('MZ\0\0'), blankPages(1)])],
  ] as const)('%s', async ([, bytes]) => {
    expect(await inspected(bytes)).toBe('not-a-pdf')
  })
})

test('a file that is not there is nobody’s fault but ours', async () => {
  const missing = path.join(directory, 'missing.pdf')
  await expect(
    inspectDocument(missing, { userId: 'ada', signal: new AbortController().signal }),
  ).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

test('a file that is too large is told of in the same words', () => {
  expect(refusalOf('too-large')).toEqual({ code: 'too-large', message: expect.stringContaining('50 MB') })
})

const contentTypes =
  '<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'

function compound(entry: string): Buffer {
  const magic = Buffer.from('d0cf11e0a1b11ae1', 'hex')
  return Buffer.concat([magic, Buffer.alloc(1024), Buffer.from(entry, 'utf16le'), Buffer.alloc(512)])
}
