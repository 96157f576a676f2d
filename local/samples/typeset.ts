import Pdf from 'pdfkit'
import type { Piece } from './markdown.ts'

/** Sets a document in letter size: a line about the child on top of each page, its number at the bottom. */
export async function typesetPdf(pieces: Piece[]): Promise<Buffer> {
  const document = new Pdf({
    size: 'LETTER',
    margins: { top: 76, bottom: 64, left: edge, right: edge },
    autoFirstPage: false,
    bufferPages: true,
    info: { Title: 'Individualized Education Program (sample)', Creator: 'Millrace', CreationDate: written },
  })
  const bytes = collect(document)
  for (const piece of pieces) set(document, piece)
  numberPages(document)
  document.end()
  return bytes
}

/** The file's id is made of this too, so the same document is the same bytes. */
export const written = new Date('2026-09-18T16:00:00Z')

/** All that a document writes until its end. */
export async function collect(document: PDFKit.PDFDocument): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of document) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const edge = 58
const size = 11.5
const plain = 'Helvetica'
const bold = 'Helvetica-Bold'

function set(document: PDFKit.PDFDocument, piece: Piece): void {
  switch (piece.kind) {
    case 'page':
      document.addPage()
      document.font(bold).fontSize(17).text(piece.title).moveDown(0.5)
      return
    case 'heading':
      document.moveDown(0.35).font(bold).fontSize(12.8).text(piece.text).moveDown(0.2)
      return
    case 'paragraph':
      document.font(plain).fontSize(size).text(piece.text, { lineGap: 2 }).moveDown(0.45)
      return
    case 'field':
      document.font(bold).fontSize(size).text(`${piece.label} `, { continued: true, lineGap: 2.5 })
      document.font(plain).text(piece.value)
      return
    case 'item':
      document.font(plain).fontSize(size).text(`-  ${piece.text}`, { lineGap: 2, indent: 8 })
      return
    case 'table':
      setTable(document, piece)
  }
}

/** Every cell is one line, in columns as wide as their contents ask for. */
function setTable(document: PDFKit.PDFDocument, { head, rows }: { head: string[]; rows: string[][] }): void {
  const small = 9.5
  const height = 18
  const lefts = columnsOf(document, [head, ...rows], small)
  let top = document.y + 2
  for (const [index, cells] of [head, ...rows].entries()) {
    const isHead = index === 0
    if (isHead) document.rect(edge, top, widthOf(document), height).fill('#e8e8e8').fillColor('black')
    document.font(isHead ? bold : plain).fontSize(small)
    for (const [column, cell] of cells.entries())
      document.text(cell, (lefts[column] ?? edge) + 4, top + 5, { lineBreak: false })
    top += height
    document
      .moveTo(edge, top)
      .lineTo(edge + widthOf(document), top)
      .lineWidth(0.5)
      .stroke('#999999')
  }
  document.x = edge
  document.y = top
  document.moveDown(0.6)
}

/** The left edges of the columns; what is left over is shared evenly. */
function columnsOf(document: PDFKit.PDFDocument, rows: string[][], fontSize: number): number[] {
  document.font(bold).fontSize(fontSize)
  const count = rows[0]?.length ?? 0
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((cells) => document.widthOfString(cells[column] ?? ''))),
  )
  const spare = (widthOf(document) - widths.reduce((sum, width) => sum + width, 0)) / count
  if (spare < 5) throw new Error(`the table "${rows[0]?.join(', ')}" is too wide for the page`)
  return widths.map((_, column) =>
    widths.slice(0, column).reduce((left, width) => left + width + spare, edge),
  )
}

const widthOf = (document: PDFKit.PDFDocument): number => document.page.width - 2 * edge

function numberPages(document: PDFKit.PDFDocument): void {
  const { count } = document.bufferedPageRange()
  for (let index = 0; index < count; index += 1) {
    document.switchToPage(index)
    document.page.margins.bottom = 0 // below it a line of text would begin a new page
    document.font(plain).fontSize(9).fillColor('#333333')
    document.text('Harbor Glen Unified School District', edge, 40, { lineBreak: false })
    document.text('Ada Larkspur, born 03/03/2017, Student ID 44719026', 330, 40, { lineBreak: false })
    document.text(`IEP of 09/17/2026, page ${index + 1} of ${count}`, edge, 750, { lineBreak: false })
  }
}
