import { randomUUID } from 'node:crypto'
import { complete } from './chat.ts'
import { ApiError, invalid, missing, notFound } from './errors.ts'
import { recognise } from './ocr.ts'
import { fieldsOf, type Fields, type Reading } from './protocol.ts'

type Status = 'QUEUED' | 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELLATION_REQUESTED' | 'CANCELLED'

/** The wire form of a job; counts and status change while it runs. */
interface BatchJob extends Fields {
  id: string
  status: Status
  completed_requests: number
  succeeded_requests: number
  failed_requests: number
}

interface BatchRequest {
  custom_id: unknown
  body: Fields
}

/**
 * The batch API. A job runs its requests one after the other behind the caller's back; what succeeds is collected in
 * the output file, what fails in the error file, both JSONL. Their 24 hours (`timeout_hours`) are not enforced.
 */
export class Batches {
  readonly #jobs = new Map<string, BatchJob>()
  readonly #running = new Set<Promise<void>>()
  readonly #reading: Reading

  /** The signal in `reading` ends all jobs. */
  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** `POST /v1/batch/jobs`. The file's lines are read here, so a bad one gives a job that has failed. */
  create(body: unknown): Fields {
    const request = fieldsOf(body) ?? {}
    const endpoint = String(request.endpoint)
    if (!Object.hasOwn(endpoints, endpoint))
      throw invalid('endpoint', `Input should be ${Object.keys(endpoints).join(' or ')}`, endpoint)

    const job = newJob(request, endpoint)
    try {
      this.#start(job, this.#requestsOf(request))
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      Object.assign(job, {
        status: 'FAILED',
        errors: [{ message: 'a line of the input is not JSON', count: 1 }],
      })
    }
    this.#jobs.set(job.id, job)
    return { ...job }
  }

  /** `GET /v1/batch/jobs/{id}`. */
  get(id: string): Fields {
    return { ...this.#find(id) }
  }

  /** `GET /v1/batch/jobs`. */
  list(): Fields {
    return { object: 'list', data: [...this.#jobs.values()], total: this.#jobs.size }
  }

  /** `POST /v1/batch/jobs/{id}/cancel`. The request at hand is finished, those after it are not begun. */
  cancel(id: string): Fields {
    const job = this.#find(id)
    if (job.status === 'QUEUED' || job.status === 'RUNNING') job.status = 'CANCELLATION_REQUESTED'
    return { ...job }
  }

  /** Waits until no job runs any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  #find(id: string): BatchJob {
    const job = this.#jobs.get(id)
    if (!job) throw notFound('Job not found')
    return job
  }

  #requestsOf(request: Fields): BatchRequest[] {
    const { requests, input_files: inputFiles } = request
    if (Array.isArray(requests)) return (requests as unknown[]).map(toRequest)
    if (!Array.isArray(inputFiles)) throw missing('input_files', request)
    return (inputFiles as unknown[]).flatMap((id) =>
      this.#reading.files
        .get(String(id))
        .bytes.toString()
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => toRequest(JSON.parse(line))),
    )
  }

  #start(job: BatchJob, requests: BatchRequest[]): void {
    job.total_requests = requests.length
    const running = this.#run(job, requests)
    this.#running.add(running)
    void running.finally(() => this.#running.delete(running))
  }

  async #run(job: BatchJob, requests: BatchRequest[]): Promise<void> {
    const lines: { output: string[]; error: string[] } = { output: [], error: [] }
    await new Promise((resolve) => setImmediate(resolve)) // the caller sees QUEUED first
    if (job.status === 'QUEUED') Object.assign(job, { status: 'RUNNING', started_at: seconds() })
    for (const request of requests) {
      if (job.status !== 'RUNNING' || this.#reading.signal.aborted) break
      const { status, body } = await this.#answer(job, request)
      const isGood = status === 200
      lines[isGood ? 'output' : 'error'].push(lineOf(request, status, body))
      job.completed_requests += 1
      job[isGood ? 'succeeded_requests' : 'failed_requests'] += 1
    }
    job.output_file = this.#keep(lines.output, `${job.id}-output.jsonl`)
    job.error_file = this.#keep(lines.error, `${job.id}-errors.jsonl`)
    Object.assign(job, { status: ending(job, requests.length), completed_at: seconds() })
  }

  async #answer(job: BatchJob, { body }: BatchRequest): Promise<{ status: number; body: unknown }> {
    try {
      const asked = { ...body, model: job.model ?? body.model }
      return { status: 200, body: await endpoints[String(job.endpoint)]?.(asked, this.#reading) }
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body }
      if (!this.#reading.signal.aborted) console.error('mistral stand-in: a batch request failed', error)
      return { status: 500, body: { object: 'error', message: 'Service unavailable.' } }
    }
  }

  #keep(lines: string[], name: string): string | null {
    if (lines.length === 0) return null
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    return this.#reading.files.add({
      bytes,
      name,
      type: 'application/jsonl',
      purpose: 'batch',
      source: 'mistral',
    }).id
  }
}

const endpoints: Record<string, (body: Fields, reading: Reading) => Fields | Promise<Fields>> = {
  '/v1/chat/completions': (body) => complete(body),
  '/v1/ocr': recognise,
}

const newJob = (request: Fields, endpoint: string): BatchJob => ({
  id: randomUUID(),
  object: 'batch',
  input_files: request.input_files ?? [],
  metadata: request.metadata ?? null,
  endpoint,
  model: request.model ?? null,
  agent_id: null,
  output_file: null,
  error_file: null,
  errors: [],
  outputs: null,
  status: 'QUEUED',
  created_at: seconds(),
  total_requests: 0,
  completed_requests: 0,
  succeeded_requests: 0,
  failed_requests: 0,
  started_at: null,
  completed_at: null,
})

/** What becomes of a job that has run: cancelled, without a single good answer, or done. */
function ending(job: BatchJob, asked: number): Status {
  if (job.completed_requests < asked) return 'CANCELLED'
  return asked > 0 && job.succeeded_requests === 0 ? 'FAILED' : 'SUCCESS'
}

function toRequest(value: unknown): BatchRequest {
  const { custom_id = null, body } = fieldsOf(value) ?? {}
  return { custom_id, body: fieldsOf(body) ?? {} }
}

const lineOf = ({ custom_id }: BatchRequest, status_code: number, body: unknown): string =>
  JSON.stringify({ id: randomUUID(), custom_id, response: { status_code, body }, error: null })

const seconds = (): number => Math.floor(Date.now() / 1000)
