import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** What one process counted, as prom-client reports it. */
export interface Report {
  /** What kind of process, for people: `web`, `worker quick`. */
  process: string
  /** Tells processes of a kind apart. */
  instance: string
  metrics: MetricObjectWithValues<MetricValue<string>>[]
}

/** The reports of several processes as one text in the Prometheus format, each value labelled with its process. */
export function metricsText(reports: Report[]): string {
  const families = new Map<string, string[]>()
  for (const { process, instance, metrics } of reports) {
    for (const metric of metrics) {
      const lines = families.get(metric.name) ?? [
        `# HELP ${metric.name} ${metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${metric.name} ${metric.type}`,
      ]
      families.set(metric.name, lines)
      for (const each of metric.values) {
        const name =
          'metricName' in each && typeof each.metricName === 'string' ? each.metricName : metric.name
        lines.push(`${name}${labelsText({ ...each.labels, process, instance })} ${numberText(each.value)}`)
      }
    }
  }
  return [...families.values()].flat().join('\n') + '\n'
}

function labelsText(labels: Partial<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return `{${pairs.join(',')}}`
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** What JSON cannot hold arrives as null. */
const numberText = (value: number | null): string =>
  value === null || Number.isNaN(value) ? 'NaN' : String(value).replace('Infinity', 'Inf')
