import type { HttpProblem } from './problems.ts'

/** The body of an error answer: each product has the shape its clients know. */
export function problemBody(url: string, problem: HttpProblem, requestId: string): object {
  const [, mount = ''] = url.split(/[/?]/, 2)
  return (shapes.get(mount) ?? plain)(problem, requestId)
}

type Shape = (problem: HttpProblem, requestId: string) => object

/** Where a code decides what a client does next, it stands beside the sentence. */
const detail: Shape = ({ status, code, message }) =>
  status === 409 ? { detail: message, code } : { detail: message }

const message: Shape = ({ message }) => ({ message })

const plain: Shape = ({ code, message, field }, requestId) => ({
  error: { code, message, ...(field === undefined ? {} : { field }), requestId },
})

const shapes = new Map([
  ['rundi', detail],
  ['lockin', detail],
  ['iep', message],
])
