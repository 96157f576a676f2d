import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import { queueNames } from '../../../jobs/define.ts'
import type { Dispatcher } from '../../../jobs/dispatch.ts'
import type { App } from '../app.ts'

/**
 * The raw view of what Redis holds: tickets by queue, nothing in them. It only shows; what an operator changes goes
 * through the ledger.
 */
export function boardRoutes(app: App, dispatcher: Dispatcher): void {
  const adapter = new FastifyAdapter()
  createBullBoard({
    queues: queueNames.map(
      (name) => new BullMQAdapter(dispatcher.queue(name), { readOnlyMode: true, allowRetries: false }),
    ),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Millrace' } },
  })
  adapter.setBasePath('/operators/queues')
  const plugin = adapter.registerPlugin()
  // The board brings an error handler that would answer 500 to whoever has not signed in; ours stays.
  const routesOnly = (scope: App) => ({
    register: scope.register.bind(scope),
    route: scope.route.bind(scope),
    setErrorHandler: () => scope,
  })
  void app.register((scope, options, done) => plugin(routesOnly(scope as App) as never, options, done), {
    prefix: '/queues',
  })
}
