/** A small PDF with a text layer: one page per list of lines. */
export function pdfOf(pages: string[][]): Buffer {
  const objects: string[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, page) => `${4 + 2 * page} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ]
  for (const [page, lines] of pages.entries()) {
    const text = `BT /F1 12 Tf 72 740 Td 16 TL ${lines.map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`).join(' ')} ET`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * page} 0 R >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    )
  }
  let file = '%PDF-1.7\n'
  const offsets = objects.map((object, index) => {
    const offset = file.length
    file += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  return Buffer.from(
    `${file}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`,
    'latin1',
  )
}

/** An Individualized Education Program of an invented child, as long as one likes. */
export function programOf(child: string, pages: number): Buffer {
  const first = [
    'Individualized Education Program',
    `Student: ${child} Byron`,
    'Meeting date: March 3, 2026',
    'Present levels of performance',
    `${child} reads 45 words per minute.`,
    'Annual goals',
    `By March 2027, ${child} will read 70 words per minute.`,
    'Services',
    'Speech therapy: 30 minutes per week.',
    'Phone of the parent: (617) 555-0142',
  ]
  const more = Array.from({ length: pages - 1 }, (_, index) => [
    `Page ${index + 2}`,
    `Accommodation ${index + 1}: extra time on tests.`,
  ])
  return pdfOf([first, ...more])
}
