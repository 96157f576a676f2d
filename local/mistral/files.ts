import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { invalid, missing, notFound } from './errors.ts'
import { fieldsOf, type Fields, type Upload } from './protocol.ts'

interface StoredFile {
  id: string
  bytes: Buffer
  name: string
  type: string
  purpose: string
  source: 'upload' | 'mistral'
  /** Seconds since 1970. */
  createdAt: number
}

/**
 * The files API, in memory. Identical bytes for one purpose get the id of the first upload, as users of the real API
 * report: whoever deletes it deletes it for the other uploader as well.
 */
export class Files {
  readonly #files = new Map<string, StoredFile>()
  readonly #byContent = new Map<string, string>()
  readonly #secret = randomBytes(32)

  /** `POST /v1/files`, with the fields of its form. */
  upload(form: unknown): Fields {
    const { file, purpose = 'fine-tune' } = fieldsOf(form) ?? {}
    if (!isUpload(file)) throw missing('file', null)
    if (!Object.hasOwn(sampleTypes, String(purpose)))
      throw invalid('purpose', 'Input should be fine-tune, batch or ocr', purpose)
    return describe(this.add({ ...file, purpose: String(purpose), source: 'upload' }))
  }

  /** Keeps a file of the service's own, or one that was uploaded. */
  add(file: Omit<StoredFile, 'id' | 'createdAt'>): StoredFile {
    const content = createHash('sha256').update(file.purpose).update('\0').update(file.bytes).digest('hex')
    const known = this.#files.get(this.#byContent.get(content) ?? '')
    if (known) return known
    const stored = { ...file, id: randomUUID(), createdAt: Math.floor(Date.now() / 1000) }
    this.#files.set(stored.id, stored)
    this.#byContent.set(content, stored.id)
    return stored
  }

  get(id: string): StoredFile {
    const file = this.#files.get(id)
    if (!file) throw notFound('File not found')
    return file
  }

  /** `GET /v1/files`. */
  list(query: URLSearchParams): Fields {
    const size = Number(query.get('page_size') ?? 100)
    const first = Number(query.get('page') ?? 0) * size
    const data = [...this.#files.values()].slice(first, first + size).map(describe)
    return { object: 'list', data, total: this.#files.size }
  }

  /** `GET /v1/files/{id}`. */
  show(id: string): Fields {
    return { ...describe(this.get(id)), deleted: false }
  }

  /** `DELETE /v1/files/{id}`. */
  delete(id: string): Fields {
    this.#files.delete(this.get(id).id)
    return { id, object: 'file', deleted: true }
  }

  /** `GET /v1/files/{id}/url`: an address that needs no key, for `expiry` hours (1 to 168, 24 if not said). */
  sign(id: string, query: URLSearchParams, origin: string): Fields {
    const hours = Number(query.get('expiry') ?? 24)
    if (!Number.isInteger(hours) || hours < 1 || hours > 168) {
      throw invalid('expiry', 'Input should be between 1 and 168', query.get('expiry'))
    }
    const expires = String(Date.now() + hours * 3_600_000)
    const address = new URL(`/signed/${this.get(id).id}`, origin)
    address.searchParams.set('expires', expires)
    address.searchParams.set('signature', this.#signature(id, expires))
    return { url: address.href }
  }

  /** The file behind a signed address, or undefined if signature or time say no. */
  bySignature(id: string, query: URLSearchParams): StoredFile | undefined {
    const expires = query.get('expires') ?? ''
    const isValid = query.get('signature') === this.#signature(id, expires) && Date.now() < Number(expires)
    return isValid ? this.get(id) : undefined
  }

  #signature(id: string, expires: string): string {
    return createHmac('sha256', this.#secret).update(`${id} ${expires}`).digest('hex')
  }
}

/** What the API calls the content of a file, by the purpose it was uploaded for. */
const sampleTypes: Record<string, string> = {
  'fine-tune': 'instruct',
  batch: 'batch_request',
  ocr: 'ocr_input',
}

function describe({ id, bytes, name, type, purpose, source, createdAt }: StoredFile): Fields {
  return {
    id,
    object: 'file',
    bytes: bytes.length,
    created_at: createdAt,
    filename: name,
    purpose,
    sample_type: source === 'mistral' ? 'batch_result' : sampleTypes[purpose],
    num_lines: purpose === 'batch' ? linesIn(bytes) : null,
    mimetype: type,
    source,
    signature: null,
    expires_at: null,
    visibility: 'workspace',
  }
}

const linesIn = (bytes: Buffer): number => bytes.toString().split('\n').filter(Boolean).length

const isUpload = (value: unknown): value is Upload => Buffer.isBuffer(fieldsOf(value)?.bytes)
