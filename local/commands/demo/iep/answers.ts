/** What the API answers, as far as it is shown. */

export interface Place {
  iepId: string
  upload: { url: string; fields: Record<string, string> }
}

export const languages = ['en', 'es', 'zh', 'vi'] as const
export type Language = (typeof languages)[number]

export interface Progress {
  iepId: string | null
  status: string | null
  percent: number
  step: string
  pages: { read: number; total: number | null }
  languages: Record<Language, string>
  problem?: { message: string }
  rejectedUpload?: { iepId: string; message: string }
  placeInLine: number
  expectedSeconds: number | null
}

export interface Document {
  iepId: string
  status: string
  summaries: Record<Language, string>
  sections: Record<Language, Record<string, string>>
  sectionPages: Record<Language, Record<string, number[]>>
  verification: Record<Language, Verification>
  usage: Usage & { steps: ({ step: string; language: string | null } & Usage)[] }
}

export interface Verification {
  verified: boolean
  checked: number
  corrections: number
  unverified: { place: string; kind: string; sentence: string; value: string }[]
}

export interface Usage {
  calls: number
  repeated: number
  pages: number
  promptTokens: number
  completionTokens: number
  costUsd: number
}
