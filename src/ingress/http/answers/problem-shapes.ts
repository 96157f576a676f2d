import type { HttpProblem } from './problems.ts'

/** The body of an error answer: each product has the shape its clients know. */
export function problemBody(url: string, problem: HttpProblem, requestId: string): object {
  return shapeOf(url).body(problem, requestId)
}

/** The same shape as a JSON schema, for the document. */
export const problemSchema = (url: string): object => shapeOf(url).schema

interface Shape {
  body: (problem: HttpProblem, requestId: string) => object
  schema: object
}

const string = { type: 'string' }

/** Where a code decides what a client does next, it stands beside the sentence. */
const detail: Shape = {
  body: ({ status, code, message }) =>
    status === 409 || status === 410 ? { detail: message, code } : { detail: message },
  schema: { type: 'object', properties: { detail: string, code: string }, required: ['detail'] },
}

const message: Shape = {
  body: ({ message }) => ({ message }),
  schema: { type: 'object', properties: { message: string }, required: ['message'] },
}

const plain: Shape = {
  body: ({ code, message, field }, requestId) => ({
    error: { code, message, ...(field === undefined ? {} : { field }), requestId },
  }),
  schema: {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: { code: string, message: string, field: string, requestId: string },
        required: ['code', 'message', 'requestId'],
      },
    },
    required: ['error'],
  },
}

const shapes = new Map([
  ['rundi', detail],
  ['lockin', detail],
  ['iep', message],
])

function shapeOf(url: string): Shape {
  const [, mount = ''] = url.split(/[/?]/, 2)
  return shapes.get(mount) ?? plain
}
