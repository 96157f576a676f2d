import type { Fault } from './refusals.ts'

/** What a file is by its content: a PDF, or something that can be named to the one who took it for a PDF. */
export async function kindOf(bytes: Buffer): Promise<'pdf' | Fault> {
  if (bytes.length === 0) return 'empty'
  if (bytes.subarray(0, pdfHeader.length).equals(pdfHeader)) return 'pdf'

  // Nearly all are PDFs, and each is looked into by a process that is started for it.
  const { fileTypeFromBuffer } = await import('file-type')
  const type = await fileTypeFromBuffer(bytes)
  if (type?.mime.startsWith('image/')) return 'photo'
  if (type && wordProcessing.has(type.ext)) return 'word-file'
  if (type?.ext === 'cfb') return isWordCompound(bytes) ? 'word-file' : 'not-a-pdf'
  // Printers and mail programs put lines of their own in front, and readers have always let a kilobyte of them pass.
  if (!type && bytes.subarray(0, 1024).includes(pdfHeader)) return 'pdf'
  return isText(type?.ext, bytes) ? 'text-file' : 'not-a-pdf'
}

const pdfHeader = Buffer.from('%PDF-')

const wordProcessing = new Set(['docx', 'docm', 'dotx', 'dotm', 'odt', 'ott', 'rtf', 'pages'])

/**
 * Word up to 2003, and documents of today's Word with a password, are compound files; so are mails and old spreadsheets.
 * The names of what they contain are written in UTF-16.
 */
function isWordCompound(bytes: Buffer): boolean {
  return ['WordDocument', 'EncryptedPackage'].some((name) => bytes.includes(Buffer.from(name, 'utf16le')))
}

/** Text in any encoding has no control characters but for the few that lay it out; UTF-16 begins with a mark. */
function isText(type: string | undefined, bytes: Buffer): boolean {
  if (type !== undefined) return type === 'xml'
  const start = bytes.toString('latin1', 0, 4096)
  return /^(?:\xff\xfe|\xfe\xff)/.test(start) || !/[^\P{Cc}\t\n\f\r\x80-\x9f]/u.test(start)
}
