import { crc32 } from 'node:zlib'

/** A zip archive of uncompressed files. */
export function zipOf(files: Record<string, string>): Buffer {
  const locals: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const shared = sharedFields(name, text)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), Buffer.from(text)])
    const rest = Buffer.alloc(14) // no comment, first disk, no attributes
    rest.writeUInt32LE(offset, 10)
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, rest, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

/** What the entry of the directory repeats from the head of the file: version to the lengths of name and extras. */
function sharedFields(name: string, text: string): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt32LE(crc32(text), 10)
  fields.writeUInt32LE(Buffer.byteLength(text), 14)
  fields.writeUInt32LE(Buffer.byteLength(text), 18)
  fields.writeUInt16LE(Buffer.byteLength(name), 22)
  return fields
}
