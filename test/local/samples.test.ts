import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PDFiumLibrary } from '@hyzyla/pdfium'
import { extractText, getDocumentProxy } from 'unpdf'
import { expect, onTestFinished, test } from 'vitest'
import { readMarkdown } from '../../local/samples/markdown.ts'
import { samplePdf } from '../../local/samples/sample-pdf.ts'
import { scanPdf } from '../../local/samples/scan.ts'
import { typesetPdf } from '../../local/samples/typeset.ts'

const source = readFileSync(path.join(import.meta.dirname, '../../local/samples/iep.md'), 'utf8')
const textOf = async (file: string | Buffer): Promise<string[]> => {
  const bytes = typeof file === 'string' ? readFileSync(file) : file
  return (await extractText(await getDocumentProxy(new Uint8Array(bytes)))).text
}
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('the sample is a whole IEP of 14 pages, each with a text layer', async () => {
  const { file, pages, bytes } = await samplePdf({ scan: false })

  const text = await textOf(file)
  expect(pages).toBe(14)
  expect(bytes).toBe(readFileSync(file).length)
  expect(text).toHaveLength(14)
  for (const [index, page] of text.entries()) expect(page).toContain(`page ${index + 1} of 14`)
  const all = text.join('\n').replaceAll(/\s+/g, ' ')
  for (const part of [
    'Present levels of performance',
    'Primary disability: Specific learning disability',
    'Time in regular class: 84 %',
    '95 words per minute with 95 % accuracy in 4 of 5 trials',
    'Speech and language 60 minutes per week Speech Pathologist Speech room 09/21/2026 09/20/2027',
    'Extended time, 50 % more',
    'Your consent is voluntary',
    'Marisol Quillfeather',
    'Her strength is calculation',
    'The district refuses this',
    'SSN: 987-65-4321',
  ])
    expect(all).toContain(part)
})

test('no word and no cell of the text is lost on the way to paper', async () => {
  const { file } = await samplePdf({ scan: false })
  const printed = new Set((await textOf(file)).join(' ').split(/\s+/))

  const written = source
    .replaceAll(/[|#*]|---/g, ' ')
    .trim()
    .split(/\s+/)
  expect(written.filter((word) => !printed.has(word))).toEqual([])
})

test('the scan has the same pages and not a letter of text', async () => {
  const { file, pages, bytes } = await samplePdf({ scan: true })

  expect(pages).toBe(14)
  expect(bytes).toBeLessThan(10 * 2 ** 20)
  expect((await textOf(file)).join('').trim()).toBe('')
})

test('a scan of some pages shows those pages, dark letters on grey paper', async () => {
  const { file, pages } = await samplePdf({ scan: true, only: [2, 10] })
  expect(pages).toBe(2)

  const library = await PDFiumLibrary.init()
  const document = await library.loadDocument(readFileSync(file))
  for (const page of document.pages()) {
    const { data } = await page.render({ scale: 1, render: 'bitmap', colorSpace: 'Gray' })
    const dark = data.filter((grey) => grey < 110).length / data.length
    const light = data.filter((grey) => grey > 200).length / data.length
    expect(dark).toBeGreaterThan(0.005)
    expect(light).toBeGreaterThan(0.8)
  }
  document.destroy()
  library.destroy()
})

test('the same bytes come out every time, and the file that is kept is whole', async () => {
  const again = await typesetPdf(readMarkdown(source))
  const { file } = await samplePdf({ scan: false })
  expect(digest(again)).toBe(digest(readFileSync(file)))
  expect(digest(await scanPdf(again, [3]))).toBe(digest(await scanPdf(again, [3])))

  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-samples-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [one, other] = await Promise.all([
    samplePdf({ scan: false, folder }),
    samplePdf({ scan: false, folder }),
  ])

  expect(one).toEqual(other)
  expect(digest(readFileSync(one.file))).toBe(digest(again))
  expect(readdirSync(folder)).toEqual([path.basename(file)])
})

test('a table whose rows differ in length is refused with its line', () => {
  expect(() => readMarkdown('# A page\n| a | b |\n| --- | --- |\n| 1 |')).toThrow(
    'line 4 has 1 cells and not 2',
  )
})
