import type { PreworkBuckets } from '../buckets.ts'

/** What may be uploaded, and where it is kept. What arrives is looked at once more. */
export const mediaTypes = {
  'image/jpeg': { kind: 'image', bucket: 'uploads' },
  'image/png': { kind: 'image', bucket: 'uploads' },
  'image/webp': { kind: 'image', bucket: 'uploads' },
  'video/mp4': { kind: 'video', bucket: 'uploads' },
  'video/webm': { kind: 'video', bucket: 'uploads' },
  'video/quicktime': { kind: 'video', bucket: 'uploads' },
  'audio/mpeg': { kind: 'audio', bucket: 'uploads' },
  'audio/mp4': { kind: 'audio', bucket: 'uploads' },
  'audio/wav': { kind: 'audio', bucket: 'uploads' },
  'application/pdf': { kind: 'document', bucket: 'documents' },
  'text/plain': { kind: 'document', bucket: 'documents' },
} as const satisfies Record<string, { kind: MediaKind; bucket: keyof PreworkBuckets }>

export type MediaKind = 'image' | 'video' | 'audio' | 'document'
export type MediaType = keyof typeof mediaTypes

export const BYTES_AT_MOST = 50 * 2 ** 20
