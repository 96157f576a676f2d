import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What a process counts. Every name is documented by its help text; labels never hold ids or personal content. */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'millrace_' })
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets, labelNames, registers: [registry] })
  const spans = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

  return {
    registry,
    jobs: histogram(
      'millrace_job_duration_seconds',
      'Time one attempt took, by job and outcome',
      spans,
      'job',
      'outcome',
    ),
    waited: histogram(
      'millrace_job_wait_seconds',
      'Time between being due and being claimed',
      spans,
      'queue',
    ),
    accepted: counter('millrace_jobs_accepted_total', 'Askings by what came of them', 'job', 'decision'),
    absorbed: counter(
      'millrace_duplicates_absorbed_total',
      'Askings that changed nothing because the job existed',
      'job',
    ),
    dispatchDropped: counter(
      'millrace_dispatch_dropped_total',
      'Tickets Redis could not take in time; the sweep brings them',
      'queue',
    ),
    sweeps: counter('millrace_sweeps_total', 'Sweeps done by this process'),
    sweptTickets: counter(
      'millrace_swept_tickets_total',
      'Tickets given anew by the sweep, by reason',
      'reason',
    ),
    staleTickets: counter(
      'millrace_stale_tickets_total',
      'Tickets delivered after they had lost their worth',
      'queue',
    ),
    throttles: counter(
      'millrace_provider_throttles_total',
      'Answers of providers that asked for a pause',
      'provider',
    ),
    leasesLost: counter('millrace_leases_lost_total', 'Times this process could not renew its lease in time'),
    slots: counter('millrace_schedule_slots_total', 'Schedule slots by outcome', 'schedule', 'outcome'),
    messages: counter(
      'millrace_messages_total',
      'Messages taken from the event queue, by outcome',
      'outcome',
    ),
    requests: histogram(
      'millrace_http_request_duration_seconds',
      'HTTP requests',
      spans,
      'method',
      'route',
      'status',
    ),
    iepDocuments: counter(
      'millrace_iep_documents_total',
      'Documents of IEP that arrived, were refused, replaced or repeated, and that were processed',
      'outcome',
    ),
    iepValues: counter(
      'millrace_iep_values_total',
      'Numbers, dates, amounts and names in what parents read, by whether they were found in the document',
      'language',
      'outcome',
    ),
    depth: new Gauge({
      name: 'millrace_queue_depth',
      help: 'Jobs that are not settled, by queue and state',
      labelNames: ['queue', 'state'],
      registers: [registry],
    }),
    oldest: new Gauge({
      name: 'millrace_oldest_waiting_seconds',
      help: 'Age of the oldest job that is due and not started',
      labelNames: ['queue'],
      registers: [registry],
    }),
  }
}
