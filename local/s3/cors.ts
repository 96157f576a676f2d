import type { Answer } from './answers.ts'
import { S3Error } from './errors.ts'
import type { Call } from './request.ts'
import type { StandIn } from './stand-in.ts'
import { elements, parseXml, text, texts } from './xml.ts'

/** What pages of some origins may do. `*` in origins and headers stands for anything. */
export interface CorsRule {
  origins: string[]
  methods: string[]
  headers: string[]
  exposed: string[]
  maxAgeSeconds: string | undefined
}

/** @throws MalformedXML, InvalidRequest */
export function parseCorsRules(document: string): CorsRule[] {
  const rules = elements(parseXml(document, 'CORSConfiguration'), 'CORSRule').map((rule) => ({
    origins: texts(rule, 'AllowedOrigin'),
    methods: texts(rule, 'AllowedMethod'),
    headers: texts(rule, 'AllowedHeader'),
    exposed: texts(rule, 'ExposeHeader'),
    maxAgeSeconds: text(rule, 'MaxAgeSeconds'),
  }))
  if (rules.length === 0 || rules.length > 100) throw new S3Error('MalformedXML')
  for (const { origins, methods, headers, maxAgeSeconds } of rules) {
    if (origins.length === 0 || methods.length === 0) throw new S3Error('MalformedXML')
    if (maxAgeSeconds !== undefined && !/^\d+$/.test(maxAgeSeconds)) throw new S3Error('MalformedXML')
    const unknown = methods.find((method) => !['GET', 'PUT', 'POST', 'DELETE', 'HEAD'].includes(method))
    if (unknown !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown}`,
      )
    }
    const ambiguous = [...origins, ...headers].find((pattern) => pattern.split('*').length > 2)
    if (ambiguous !== undefined) {
      throw new S3Error('InvalidRequest', `"${ambiguous}" can not have more than one wildcard.`)
    }
  }
  return rules
}

/** The answer to a browser that asks before it sends. @throws AccessForbidden */
export function answerPreflight(call: Call, s3: StandIn): Answer {
  const { origin, 'access-control-request-method': method } = call.headers
  if (!origin || !method) {
    throw new S3Error(
      'AccessForbidden',
      'Insufficient information. Origin and Access-Control-Request-Method are needed.',
    )
  }
  if (s3.store.bucket(call.bucket).setting('cors') === undefined) {
    throw new S3Error('AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.')
  }

  const asked = (call.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  const rule = findRule(call, s3, method, asked)
  if (!rule) throw new S3Error('AccessForbidden', 'CORSResponse: This CORS request is not allowed.')
  return {
    status: 200,
    headers: {
      ...allowingHeaders(rule, origin),
      ...(asked.length > 0 ? { 'Access-Control-Allow-Headers': asked.join(', ') } : {}),
    },
  }
}

/** What every answer to a page of an allowed origin carries, refusals included. */
export function corsHeaders(call: Call, s3: StandIn): Record<string, string> {
  const { origin } = call.headers
  if (!origin || call.method === 'OPTIONS') return {}
  const rule = findRule(call, s3, call.method, [])
  return rule ? allowingHeaders(rule, origin) : {}
}

/** The first rule that fits, as in S3. */
function findRule(call: Call, s3: StandIn, method: string, asked: string[]): CorsRule | undefined {
  const document = s3.store.findBucket(call.bucket)?.setting('cors')
  if (document === undefined) return undefined
  return parseCorsRules(document).find(
    ({ origins, methods, headers }) =>
      origins.some((pattern) => fits(pattern, call.headers['origin'] ?? '')) &&
      methods.includes(method) &&
      asked.every((name) => headers.some((pattern) => fits(pattern.toLowerCase(), name))),
  )
}

function fits(pattern: string, value: string): boolean {
  const [start = '', end] = pattern.split('*')
  if (end === undefined) return value === start
  return value.length >= start.length + end.length && value.startsWith(start) && value.endsWith(end)
}

function allowingHeaders(
  { origins, methods, exposed, maxAgeSeconds }: CorsRule,
  origin: string,
): Record<string, string> {
  const anybody = origins.includes('*')
  return {
    'Access-Control-Allow-Origin': anybody ? '*' : origin,
    'Access-Control-Allow-Methods': methods.join(', '),
    ...(anybody ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
    ...(exposed.length > 0 ? { 'Access-Control-Expose-Headers': exposed.join(', ') } : {}),
    ...(maxAgeSeconds === undefined ? {} : { 'Access-Control-Max-Age': maxAgeSeconds }),
    Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}
