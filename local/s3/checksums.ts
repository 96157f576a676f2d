import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { element, type Markup } from './xml.ts'

/** A running checksum; `digest` is the value in network byte order, and is asked for once. */
export interface RunningChecksum {
  update(chunk: Uint8Array): void
  digest(): Buffer
}

/** Those that S3 lets a client declare and that are computed here, by the suffix of their header `x-amz-checksum-…`. */
export const checksumAlgorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** What S3 computes when the client declares nothing (S3 User Guide, "Checking object integrity"). */
export const defaultChecksum: ChecksumAlgorithm = 'crc64nvme'

/** The digest of one object, base64. `COMPOSITE` is a digest of the parts' digests, with `-<number of parts>`. */
export interface Checksum {
  algorithm: ChecksumAlgorithm
  type: 'FULL_OBJECT' | 'COMPOSITE'
  value: string
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly string[]).includes(name)
}

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  return starters[algorithm]()
}

/** The headers in which S3 reports a checksum. */
export function checksumHeaders({ algorithm, type, value }: Checksum): Record<string, string> {
  return { [`x-amz-checksum-${algorithm}`]: value, 'x-amz-checksum-type': type }
}

/** The same, as elements of a document. */
export function checksumElements({ algorithm, type, value }: Checksum): Markup[] {
  return [element(`Checksum${algorithm.toUpperCase()}`, value), element('ChecksumType', type)]
}

const starters: Record<ChecksumAlgorithm, () => RunningChecksum> = {
  crc32: startCrc32,
  crc32c: startCrc32c,
  crc64nvme: startCrc64Nvme,
  sha1: () => createHash('sha1'),
  sha256: () => createHash('sha256'),
}

function startCrc32(): RunningChecksum {
  let crc = 0
  return {
    update: (chunk) => {
      crc = crc32(chunk, crc)
    },
    digest: () => bigEndian(crc),
  }
}

function startCrc32c(): RunningChecksum {
  let crc = 0xffffffff
  return {
    update: (chunk) => {
      for (const byte of chunk) crc = crc32cTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
    },
    digest: () => bigEndian(~crc),
  }
}

/** CRC-64/NVME in two halves of 32 bits, since 64-bit integers are far slower than numbers. */
function startCrc64Nvme(): RunningChecksum {
  let high = 0xffffffff
  let low = 0xffffffff
  const { highTable, lowTable } = crc64Tables
  return {
    update: (chunk) => {
      for (const byte of chunk) {
        const index = (low ^ byte) & 0xff
        low = lowTable[index]! ^ ((low >>> 8) | (high << 24))
        high = highTable[index]! ^ (high >>> 8)
      }
    },
    digest: () => bigEndian(~high, ~low),
  }
}

const crc32cTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

const crc64Tables = makeCrc64Tables()

function makeCrc64Tables() {
  const highTable = new Uint32Array(256)
  const lowTable = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n
    highTable[byte] = Number(crc >> 32n)
    lowTable[byte] = Number(crc & 0xffffffffn)
  }
  return { highTable, lowTable }
}

function bigEndian(...words: number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4)
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, index * 4)
  return bytes
}
