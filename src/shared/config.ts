import { z } from 'zod'

/** The products served here. Each is mounted under its name and has its own issuer, keys and schema. */
export const products = ['anki', 'rundi', 'iep', 'lockin', 'prework'] as const
export type Product = (typeof products)[number]

/** Everything the environment decides, read once by each process and passed on; nothing else reads it. */
export type Config = ReturnType<typeof decide>

/** How tokens of one product are verified, and which server keys speak for it. */
export interface Trust {
  issuer: string | undefined
  jwksUrl: string | undefined
  audience: string[]
  keys: string[]
}

export type OperatorRole = 'viewer' | 'operator'

export interface OperatorAccount {
  name: string
  role: OperatorRole
  password: string
}

/**
 * Reads and checks the environment.
 * @throws ConfigError that lists every fault at once, each with the variable's name.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return decide(check(environment, env))
}

export type EventsConfig = Config & { events: { queueUrl: string } }

/** As `readConfig`, for the process that cannot be without a queue. */
export function readEventsConfig(env: NodeJS.ProcessEnv = process.env): EventsConfig {
  const found = check(environment.extend({ EVENTS_QUEUE_URL: queueOfEvents }), env)
  return { ...decide(found), events: { queueUrl: found.EVENTS_QUEUE_URL } }
}

/** As `readConfig`, of the database to migrate and the variable that names it: nothing else is needed for that. */
export function readMigrationConfig(env: NodeJS.ProcessEnv = process.env): { variable: string; url: string } {
  const variable = env['MIGRATION_DATABASE_URL'] ? 'MIGRATION_DATABASE_URL' : 'DATABASE_URL'
  const found = check(z.object({ [variable]: environment.shape[variable].nonoptional() }), env)
  return { variable, url: found[variable] as string }
}

/** As `readConfig`, of what says where AWS is and with whose rights: for whoever needs nothing else. */
export function readAwsConfig(env: NodeJS.ProcessEnv = process.env): Config['aws'] {
  return decideAws(check(environment.pick(awsNames), env))
}

/** A variable that is empty counts as one that is not set. */
function check<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(filled)
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(describe))
  return parsed.data
}

export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: string[]

  constructor(faults: string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  ${faults.join('\n  ')}`,
    )
    this.faults = faults
  }
}

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
const whole = (min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max,
      `wants a whole number from ${min} to ${max}`,
    )
    .transform(Number)
const flag = z.enum(['0', '1', 'false', 'true']).transform((value) => value === '1' || value === 'true')
/** `missing` says what it is for, when it must be there. */
const wanted = (missing: string) => ({ error: `is missing: ${missing}` })
// As Postgres's own clients have it, the host may be missing when a parameter names the folder of a socket.
const postgres = (missing = '') =>
  z
    .string(wanted(missing))
    .refine(
      (text) => /^postgres(ql)?:\/\//i.test(text) && URL.canParse(text.replace('@/', '@socket/')),
      'wants the address of a Postgres: postgres://user:password@host:5432/database, with what is special in it encoded',
    )
const redis = z
  .string(wanted('redis://… or the absolute path of a unix socket'))
  .refine(
    (text) => text.startsWith('/') || (/^rediss?:\/\//i.test(text) && URL.canParse(text)),
    'wants redis://…, rediss://… or the absolute path of a unix socket',
  )
const web = (missing = '') =>
  z
    .string(wanted(missing))
    .refine(
      (text) => /^https?:\/\//i.test(text) && URL.canParse(text),
      'wants an address such as https://example.org/path',
    )
const queueOfEvents = web('the SQS queue events come from')
const secret = z.string().min(16, 'needs at least 16 characters')

const origins = list.refine(
  (each) => each.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
  'wants origins such as https://app.example.org, with no path and no slash at the end',
)

const operators = list.transform((accounts, check): OperatorAccount[] =>
  accounts.flatMap((account) => {
    const [name, role, ...password] = account.split(':')
    if (name && (role === 'viewer' || role === 'operator') && password.join(':').length >= 12)
      return [{ name, role, password: password.join(':') }]
    check.addIssue({
      code: 'custom',
      message: 'wants name:viewer|operator:password, the password at least 12 characters',
    })
    return []
  }),
)

const trust = {
  ISSUER: web().optional(),
  JWKS_URL: web().optional(),
  AUDIENCE: list,
  KEYS: list.refine(
    (keys) => keys.every((key) => key.length >= 16),
    'every key needs at least 16 characters',
  ),
}
type TrustNames<P extends string> = { [K in keyof typeof trust as `${P}_${K & string}`]: (typeof trust)[K] }
const trustOf = <P extends string>(prefix: P) =>
  Object.fromEntries(
    Object.entries(trust).map(([name, schema]) => [`${prefix}_${name}`, schema]),
  ) as TrustNames<P>

const environment = z.object({
  DATABASE_URL: postgres('the Postgres database everything is kept in'),
  MIGRATION_DATABASE_URL: postgres().optional(),
  DATABASE_POOL: whole(2, 200).default(12),
  DATABASE_NAMED_STATEMENTS: flag.default(true),
  REDIS_URL: redis,
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3000),
  HEALTH_PORT: whole(0, 65_535).default(0),
  TRUST_PROXY: flag.default(false),
  WEB_ORIGINS: origins,
  RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).default(600),
  BODY_LIMIT_BYTES: whole(1024, 10_000_000).default(256 * 1024),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SHUTDOWN_GRACE_SECONDS: whole(1, 600).default(20),
  STATUS_LINK_SECRET: secret.optional(),
  OPERATORS: operators,
  MILLRACE_LOCAL: flag.default(false),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_ENDPOINT_URL_S3: web().optional(),
  AWS_ENDPOINT_URL_SQS: web().optional(),
  AWS_ENDPOINT_URL_DYNAMODB: web().optional(),
  EVENTS_QUEUE_URL: web().optional(),
  MISTRAL_API_KEY: z.string().optional(),
  MISTRAL_URL: web().optional(),
  MISTRAL_OCR_MODEL: z.string().default('mistral-ocr-4-1'),
  MISTRAL_CHAT_MODEL: z.string().default('mistral-medium-3-5'),
  IEP_BUCKET: z.string().optional(),
  LOCKIN_BUCKET: z.string().optional(),
  PREWORK_ENVIRONMENT: z.enum(['dev', 'prod']).optional(),
  HISTORY_DAYS: whole(1, 3650).default(90),
  ANKI_COLLECTIONS: z.string().default('./efs/collections'),
  ANKI_COLLECTIONS_GID: whole(0, 4_294_967_294).optional(),
  ANKI_AUTH_DB: z.string().optional(),
  ANKI_DATABASE_URL: postgres().optional(),
  RUNDI_TRUSTED_PROVIDERS: list,
  ...trustOf('ANKI'),
  ...trustOf('RUNDI'),
  ...trustOf('IEP'),
  ...trustOf('LOCKIN'),
  ...trustOf('PREWORK'),
})

type Environment = z.output<typeof environment>

const awsNames = {
  AWS_REGION: true,
  AWS_ACCESS_KEY_ID: true,
  AWS_SECRET_ACCESS_KEY: true,
  AWS_SESSION_TOKEN: true,
  AWS_ENDPOINT_URL_S3: true,
  AWS_ENDPOINT_URL_SQS: true,
  AWS_ENDPOINT_URL_DYNAMODB: true,
} as const

/** From checked strings to decisions, nested the way they are used. */
function decide(env: Environment) {
  return {
    local: env.MILLRACE_LOCAL,
    logLevel: env.LOG_LEVEL,
    graceMs: env.SHUTDOWN_GRACE_SECONDS * 1000,
    historyDays: env.HISTORY_DAYS,
    database: {
      url: env.DATABASE_URL,
      migrationUrl: env.MIGRATION_DATABASE_URL ?? env.DATABASE_URL,
      pool: env.DATABASE_POOL,
      namedStatements: env.DATABASE_NAMED_STATEMENTS,
    },
    redis: { url: env.REDIS_URL },
    http: {
      host: env.HOST,
      port: env.PORT,
      healthPort: env.HEALTH_PORT,
      trustProxy: env.TRUST_PROXY,
      origins: env.WEB_ORIGINS,
      ratePerMinute: env.RATE_LIMIT_PER_MINUTE,
      bodyLimit: env.BODY_LIMIT_BYTES,
    },
    statusLinkSecret: env.STATUS_LINK_SECRET,
    operators: env.OPERATORS,
    aws: decideAws(env),
    events: { queueUrl: env.EVENTS_QUEUE_URL },
    mistral: {
      apiKey: env.MISTRAL_API_KEY,
      url: env.MISTRAL_URL,
      ocrModel: env.MISTRAL_OCR_MODEL,
      chatModel: env.MISTRAL_CHAT_MODEL,
    },
    anki: {
      collections: env.ANKI_COLLECTIONS,
      collectionsGid: env.ANKI_COLLECTIONS_GID,
      authDb: env.ANKI_AUTH_DB,
      databaseUrl: env.ANKI_DATABASE_URL,
    },
    iep: { bucket: env.IEP_BUCKET },
    lockin: { bucket: env.LOCKIN_BUCKET },
    prework: { environment: env.PREWORK_ENVIRONMENT },
    rundi: { trustedProviders: env.RUNDI_TRUSTED_PROVIDERS },
    trust: {
      anki: trustFrom(env, 'ANKI'),
      rundi: trustFrom(env, 'RUNDI'),
      iep: trustFrom(env, 'IEP'),
      lockin: trustFrom(env, 'LOCKIN'),
      prework: trustFrom(env, 'PREWORK'),
    } satisfies Record<Product, Trust>,
  }
}

function decideAws(env: Pick<Environment, keyof typeof awsNames>) {
  return {
    region: env.AWS_REGION,
    credentials:
      env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
        ? {
            accessKeyId: env.AWS_ACCESS_KEY_ID,
            secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
            ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
          }
        : undefined,
    s3Endpoint: env.AWS_ENDPOINT_URL_S3,
    sqsEndpoint: env.AWS_ENDPOINT_URL_SQS,
    dynamodbEndpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
  }
}

function trustFrom(env: Environment, prefix: Uppercase<Product>): Trust {
  const issuer = env[`${prefix}_ISSUER`]
  return {
    issuer,
    jwksUrl: env[`${prefix}_JWKS_URL`] ?? (issuer && `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`),
    audience: env[`${prefix}_AUDIENCE`],
    keys: env[`${prefix}_KEYS`],
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.') || 'environment'
  return `${name} ${issue.message.startsWith('is ') || issue.message.startsWith('wants ') ? '' : '- '}${issue.message}`
}
