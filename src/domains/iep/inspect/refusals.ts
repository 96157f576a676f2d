/** Why a file is not taken: a stable code, and a sentence for the parent who uploaded it. */
export interface Refusal {
  code: Fault
  message: string
}

export type Fault = keyof typeof sentences

/** The refusal for a fault, also for one that is found elsewhere, such as `too-large`. */
export function refusalOf(fault: Fault): Refusal {
  return { code: fault, message: sentences[fault] }
}

const sentences = {
  empty: 'This file is empty. Please check the file on your device and upload it again.',
  'too-large':
    'This file is larger than 50 MB. Please upload a smaller PDF, for example one scanned at a lower quality.',
  'word-file':
    'This is a word processing file, not a PDF. Please open it, save it as a PDF, and upload the PDF.',
  photo: 'This is a picture, not a PDF. Please scan all pages of the document into one PDF and upload that.',
  'text-file': 'This is a text file or a web page, not a PDF. Please upload the document as a PDF.',
  'not-a-pdf': 'This file is not a PDF. Please upload the document as a PDF.',
  password: 'This PDF is locked with a password. Please save a copy without the password and upload that.',
  damaged: 'This PDF is damaged or not complete. Please get a new copy of the document and upload it.',
  'no-pages': 'This PDF has no pages. Please get a new copy of the document and upload it.',
  'too-many-pages': 'This PDF has more than 1,000 pages. Please upload only the pages of the IEP.',
  'needs-adobe':
    'This PDF can only be shown by Adobe Acrobat. Please open it there, print it to a new PDF, and upload that.',
  'too-complex':
    'This PDF is too complex to open. Please print it to a new PDF, or scan it, and upload that.',
} as const
