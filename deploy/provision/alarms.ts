import { tells, type Description, type Table } from './description.ts'
import { idOf } from './logical-ids.ts'

type Json = Record<string, unknown>
type Alarm = [logical: string, resource: Json]

/** Under this name S3 counts what happens to uploads, which costs money and is begun where somebody wants alarms. */
export const UPLOADS_METRICS = 'Uploads'

/**
 * What CloudWatch knows of what the guide wants to be told: throttling and errors of each table, uploads that fail, events that
 * nobody could take, and many more reads of users than usual: every signed request reads one. What the API answers is in
 * Millrace's own metrics.
 */
export function alarmsOf({ tables, buckets, environment }: Description): Alarm[] {
  return [
    ...tables.flatMap((table): Alarm[] => {
      const logical = idOf(table.name, environment)
      return [
        [`${logical}Throttled`, alarm({ Metrics: sumOf(throttlesOf(table, logical)) })],
        [`${logical}Failing`, alarm({ Metrics: sumOf(faultsOf(logical)) })],
      ]
    }),
    ...buckets.filter(tells).flatMap((bucket): Alarm[] => {
      const logical = idOf(bucket.name, environment)
      const of = {
        Namespace: 'AWS/S3',
        Statistic: 'Sum',
        Period: FIVE_MINUTES,
        Dimensions: [
          { Name: 'BucketName', Value: { Ref: logical } },
          { Name: 'FilterId', Value: UPLOADS_METRICS },
        ],
      }
      return [
        [`${logical}Failing`, alarm({ ...of, MetricName: '5xxErrors' })],
        // One that came too late or is too large is somebody's mistake; many are a fault of ours, or somebody who tries.
        [`${logical}Refusing`, alarm({ ...of, MetricName: '4xxErrors', Threshold: 20 })],
      ]
    }),
    [
      'DeadEvents',
      alarm({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Period: FIVE_MINUTES,
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['EventsDeadLetters', 'QueueName'] } }],
      }),
    ],
    ['UnusualAccess', unusual(reads('Users'))],
  ]
}

const FIVE_MINUTES = 300

const alarm = (properties: Json): Json => ({
  Type: 'AWS::CloudWatch::Alarm',
  Condition: 'Alarmed',
  Properties: {
    EvaluationPeriods: 1,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: 'AlarmTopic' }],
    ...properties,
  },
})

/** Three in a row outside of what CloudWatch learned of two weeks. */
function unusual(metric: Json): Json {
  const { Properties, ...rest } = alarm({
    Metrics: [
      { Id: 'm1', MetricStat: metric },
      { Id: 'band', Expression: 'ANOMALY_DETECTION_BAND(m1, 3)' },
    ],
    ThresholdMetricId: 'band',
    ComparisonOperator: 'GreaterThanUpperThreshold',
    EvaluationPeriods: 3,
  })
  const { Threshold: _, ...properties } = Properties as Json
  return { ...rest, Properties: properties }
}

/** Those of a table do not count those of its indexes. */
const throttlesOf = ({ indexes }: Table, logical: string): Json[] =>
  [{}, ...indexes.map(({ name }) => ({ GlobalSecondaryIndexName: name }))].flatMap((index) =>
    ['ReadThrottleEvents', 'WriteThrottleEvents'].map((metric) => ofTable(logical, metric, index)),
  )

/** Counted for each operation alone: those that Millrace's processes use. */
const faultsOf = (logical: string): Json[] =>
  ['GetItem', 'BatchGetItem', 'Query', 'TransactWriteItems'].map((Operation) =>
    ofTable(logical, 'SystemErrors', { Operation }),
  )

const reads = (logical: string): Json => ofTable(logical, 'ConsumedReadCapacityUnits')

const ofTable = (logical: string, MetricName: string, more: Record<string, string> = {}): Json => ({
  Metric: {
    Namespace: 'AWS/DynamoDB',
    MetricName,
    Dimensions: [
      { Name: 'TableName', Value: { Ref: logical } },
      ...Object.entries(more).map(([Name, Value]) => ({ Name, Value })),
    ],
  },
  Period: FIVE_MINUTES,
  Stat: 'Sum',
})

/** One that has nothing to tell counts as none. At most ten fit into one alarm. */
const sumOf = (stats: Json[]): Json[] => [
  { Id: 'sum', Expression: stats.map((_, index) => `FILL(m${index}, 0)`).join(' + ') },
  ...stats.map((MetricStat, index) => ({ Id: `m${index}`, MetricStat, ReturnData: false })),
]
