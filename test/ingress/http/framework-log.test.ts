import { expect, test } from 'vitest'
import { frameworkLog } from '../../../src/ingress/http/edge/framework-log.ts'
import { keepLog } from '../events/queue.ts'

test('what the framework says of an address is said without its query, which may be a signature', () => {
  const { log, lines, text } = keepLog()
  const framework = frameworkLog(log)
  framework.warn('GET /jobs/1?sig=secret was odd')
  framework.error({ err: undefined }, 'could not answer "/jobs/2?sig=secret"')
  framework.info('GET /jobs/3')

  expect(lines().map(({ msg }) => msg)).toEqual([
    'fastify: GET /jobs/1?… was odd',
    'fastify: could not answer "/jobs/2?…"',
  ])
  expect(text()).not.toContain('secret')
})
