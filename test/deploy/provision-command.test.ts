import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CreateBucketCommand, GetBucketEncryptionCommand } from '@aws-sdk/client-s3'
import { provision } from '../../deploy/provision/main.ts'
import { readOptions } from '../../deploy/provision/options.ts'
import { apply, look } from '../../deploy/provision/plan.ts'
import { resourcesOf } from '../../deploy/provision/resources.ts'
import { dev, envOf, named, only, prod, clientsOf, closeAll, startAccount, type Account } from './account.ts'
import { jsonError, standBetween, xmlError, type Answer, type Between, type Passing } from './between.ts'

let account: Account
let between: Between[] = []
beforeEach(async () => {
  account = await startAccount()
})
afterEach(async () => {
  for (const each of between) await each.stop()
  between = []
  await account[Symbol.asyncDispose]()
})

/** The command as it is run, in this process. */
async function run(args: string, env: Record<string, string> = account.env) {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const status = await provision(args.split(' '), env, {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
  })
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}

/** The same account, where some requests are answered otherwise. */
async function behind(answer: (passing: Passing) => Answer | undefined): Promise<Record<string, string>> {
  const [dynamodb, s3, sqs] = await Promise.all(
    (['dynamodb', 's3', 'sqs'] as const).map((name) => standBetween(account.endpoints[name], answer)),
  )
  if (!dynamodb || !s3 || !sqs) throw new Error('There is nobody in between.')
  between.push(dynamodb, s3, sqs)
  return envOf({ dynamodb: dynamodb.endpoint, s3: s3.endpoint, sqs: sqs.endpoint })
}

describe('the command', () => {
  test('checks, makes and checks again, in lines for people or as JSON', async () => {
    const before = await run('--env dev --check')
    expect([before.status, before.stderr]).toEqual([1, ''])
    expect(before.stdout.split('\n')).toEqual([
      '+ table pre-work-users-dev: missing',
      '+ table pre-work-profiles-dev: missing',
      '+ table pre-work-submissions-dev: missing',
      '+ table pre-work-media-dev: missing',
      '+ table pre-work-audit-log-dev: missing',
      '+ queue pre-work-events-dev-dead: missing',
      '+ queue pre-work-events-dev: missing',
      '+ bucket pre-work-media-uploads-dev: missing',
      '+ bucket pre-work-documents-dev: missing',
      '+ bucket pre-work-thumbnails-dev: missing',
      '',
    ])

    const made = await run('--env dev')
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toContain(before.stdout)
    expect(made.stdout).toMatch(/ {2}made the table pre-work-users-dev\n(.*\n)*10 done\.\n$/)

    const after = await run('--env dev --check')
    expect(after.status).toBe(0)
    expect(after.stdout.split('\n').filter((line) => line.startsWith('= '))).toHaveLength(10)
    expect((await run('--env dev')).stdout).toMatch(/\nNothing was to be done\.\n$/)

    const other = await run('--env dev --origin https://app.example.org --check --json')
    expect(other.status).toBe(1)
    const { plan, ...rest } = JSON.parse(other.stdout) as { plan: { kind: string; is: string }[] }
    expect(rest).toEqual({})
    expect(new Set(plan.map(({ kind, is }) => `${kind} ${is}`))).toEqual(
      new Set(['table as wanted', 'queue as wanted', 'bucket different']),
    )
    const changed = await run('--env dev --origin https://app.example.org --json')
    expect(changed.status).toBe(0)
    expect(JSON.parse(changed.stdout)).toEqual({
      plan,
      done: ['media-uploads', 'documents', 'thumbnails'].map(
        (bucket) => `changed CORS of the bucket pre-work-${bucket}-dev`,
      ),
      left: [],
    })
    const nothing = await run('--env dev --origin https://app.example.org --json')
    expect(JSON.parse(nothing.stdout)).toMatchObject({ done: [], left: [] })
  })

  test('ends with 1 and says so when something cannot be changed', async () => {
    const made = await run('--env prod --origin https://app.example.org --provisioned --queue shared')

    expect(made.status).toBe(1)
    expect(made.stdout).toMatch(
      /\n10 done\. 5 still differ in what cannot be changed: only making them anew would help, and nothing is deleted here\.\n$/,
    )
    expect(made.stdout).toContain('made the queue shared\n')
    const again = await run('--env prod --origin https://app.example.org --provisioned --queue shared --json')
    expect(again.status).toBe(1)
    expect((JSON.parse(again.stdout) as { left: { name: string }[] }).left.map(({ name }) => name)).toEqual(
      ['users', 'profiles', 'submissions', 'media', 'audit-log'].map((table) => `pre-work-${table}-prod`),
    )
  })

  test('killed half-way, it goes on where it was the next time', async () => {
    const child = spawn(process.execPath, ['local/cli.mjs', 'provision', '--env', 'dev'], {
      env: { PATH: process.env['PATH'], ...account.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface(child.stdout))
      if (line.includes('made the table pre-work-profiles-dev')) child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')

    const { status, stdout } = await run('--env dev')
    expect(status).toBe(0)
    expect(stdout).not.toContain('made the table pre-work-profiles-dev')
    expect(stdout).toContain('made the table pre-work-audit-log-dev')
    expect((await run('--env dev --check')).status).toBe(0)
  })

  test('two at once make everything together, whoever is first', async () => {
    const both = await Promise.all([run('--env dev'), run('--env dev')])

    expect(both.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const made = both.flatMap(({ stdout }) => stdout.match(/made the table .*/g) ?? [])
    expect([...made].sort()).toEqual([...new Set(made)].sort())
    expect((await run('--env dev --check')).status).toBe(0)

    const changing = '--env dev --origin https://app.example.org'
    const again = await Promise.all([run(changing), run(changing)])
    expect(again.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
  })

  test('what was refused because somebody else does it at the moment counts as done once it is', async () => {
    let refused = 0
    const occupied = await standBetween(
      account.endpoints.s3,
      () => undefined,
      ({ method, url }) => {
        if (method !== 'PUT' || !url.includes('lifecycle')) return undefined
        refused += 1
        return xmlError(409, 'OperationAborted', 'A conflicting conditional operation is in progress.')
      },
    )
    between.push(occupied)

    const { status, stderr } = await run('--env dev', {
      ...account.env,
      AWS_ENDPOINT_URL_S3: occupied.endpoint,
    })

    expect([status, stderr, refused]).toEqual([0, '', 3])
  })
})

describe('in one line and with 1 it says', () => {
  const one = (stderr: string) => {
    expect(stderr).toMatch(/^[^\n]+\n$/)
    return stderr
  }

  test.each<[what: string, operation: RegExp, answer: Answer, told: RegExp]>([
    [
      'that a table may not be looked at',
      /^DescribeTable$/,
      jsonError(
        'AccessDeniedException',
        'User: arn:aws:iam::000000000000:user/ada is not authorized to perform: dynamodb:DescribeTable',
      ),
      /^The table pre-work-\w+-dev could not be looked for: AccessDeniedException: User: .*DescribeTable\n$/,
    ],
    [
      'that a queue may not be looked at',
      /^GetQueueUrl$/,
      jsonError('AccessDeniedException', 'not authorized to perform: sqs:GetQueueUrl', 403),
      /^The queue pre-work-events-dev(-dead)? could not be looked for: AccessDeniedException: .*sqs:GetQueueUrl\n$/,
    ],
    [
      'that the credentials are not known',
      /^DescribeTable$/,
      jsonError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
      /: UnrecognizedClientException: The security token included in the request is invalid\.\n$/,
    ],
  ])('%s', async (_, operation, answer, told) => {
    const env = await behind((passing) => (operation.test(passing.operation) ? answer : undefined))

    for (const asked of ['--env dev --check', '--env dev']) {
      const { status, stderr } = await run(asked, env)
      expect([status, one(stderr)]).toEqual([1, expect.stringMatching(told)])
    }
    const { stdout } = await run('--env dev --json', env)
    expect(JSON.parse(stdout)).toEqual({})
  })

  test.each<[what: string, status: number, told: RegExp]>([
    [
      'that a bucket may be somebody else’s',
      403,
      /^The bucket pre-work-[\w-]+-dev could not be looked for: S3 forbids it: .* the name belongs to another account/,
    ],
    [
      'that a bucket is in another region',
      301,
      /^The bucket pre-work-[\w-]+-dev could not be looked for: it is in another region than AWS_REGION says\n$/,
    ],
  ])('%s', async (_, answered, told) => {
    const env = await behind(({ method }) => (method === 'HEAD' ? { status: answered, body: '' } : undefined))

    const { status, stderr } = await run('--env dev --check', env)

    expect([status, one(stderr)]).toEqual([1, expect.stringMatching(told)])
  })

  test('what it was about where S3 does not say, and what was done before', async () => {
    const env = await behind(({ method, url }) =>
      method === 'PUT' && url.includes('pre-work-documents-dev') && url.includes('lifecycle')
        ? xmlError(403, 'AccessDenied', 'Access Denied')
        : undefined,
    )

    const { status, stdout, stderr } = await run('--env dev --json', env)

    expect([status, stderr]).toEqual([
      1,
      'The bucket pre-work-documents-dev could not be changed (lifecycle): AccessDenied: Access Denied\n',
    ])
    const told = JSON.parse(stdout) as { done: string[]; left?: unknown }
    expect(told.done.at(-1)).toBe('made the bucket pre-work-documents-dev')
    expect(told.left).toBeUndefined()
    expect((await run('--env dev')).status).toBe(0)
  })

  test('that a name of a bucket is taken', async () => {
    const env = await behind(({ method, url }) =>
      method === 'PUT' && /^\/pre-work-media-uploads-dev\/?(\?|$)/.test(url)
        ? xmlError(409, 'BucketAlreadyExists', 'The requested bucket name is not available.')
        : undefined,
    )

    const { status, stderr } = await run('--env dev', env)

    expect([status, one(stderr)]).toEqual([
      1,
      expect.stringMatching(
        /^The bucket pre-work-media-uploads-dev could not be made: BucketAlreadyExists: .*not available/,
      ),
    ])
  })

  test('that nobody answers', async () => {
    const gone = await standBetween(account.endpoints.dynamodb, () => undefined)
    await gone.stop()
    const { status, stderr } = await run('--env dev --check', {
      ...account.env,
      AWS_ENDPOINT_URL_DYNAMODB: gone.endpoint,
    })

    expect([status, one(stderr)]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  })

  test('that there are no credentials, and what its configuration lacks', async () => {
    const env = {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      // Else it is asked for over the network.
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_DYNAMODB: account.endpoints.dynamodb,
      AWS_ENDPOINT_URL_S3: account.endpoints.s3,
      AWS_ENDPOINT_URL_SQS: account.endpoints.sqs,
    }
    const args = ['local/cli.mjs', 'provision', '--env', 'dev', '--check']
    const failed = (more: object) =>
      promisify(execFile)(process.execPath, args, { env: { ...env, ...more } }).then(
        () => undefined,
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
      )

    expect(await failed({})).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^The table pre-work-\w+-dev could not be looked for: there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n$/,
      ) as string,
    })
    const faulty = await failed({ AWS_ENDPOINT_URL_S3: 'somewhere' })
    expect(faulty).toEqual({ code: 1, stderr: expect.stringMatching(/AWS_ENDPOINT_URL_S3/) as string })
    expect(faulty?.stderr).not.toMatch(/\n\s+at /)
  })
})

describe('what only AWS does', () => {
  test('backups of a new table are switched on as soon as they can be', async () => {
    let [asked, isOn] = [0, false]
    const env = await behind(({ operation }) => {
      if (operation === 'DescribeContinuousBackups')
        return {
          status: 200,
          body: JSON.stringify({
            ContinuousBackupsDescription: {
              ContinuousBackupsStatus: 'ENABLED',
              PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: isOn ? 'ENABLED' : 'DISABLED' },
            },
          }),
        }
      if (operation !== 'UpdateContinuousBackups') return undefined
      asked += 1
      if (asked === 1) return jsonError('ContinuousBackupsUnavailableException', 'Backups are being enabled.')
      isOn = true
      return { status: 200, body: '{}' }
    })
    const clients = clientsOf({
      dynamodb: env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      s3: '',
      sqs: '',
    })
    const users = only(resourcesOf(named('pre-work', prod), clients), 'table', 'users-prod')

    expect(await apply(users, () => undefined)).toEqual([])
    expect([asked, isOn]).toEqual([2, true])
    expect((await look(users)).map(({ is }) => is)).toEqual(['as wanted'])

    isOn = false
    const told: string[] = []
    await apply(users, (line) => told.push(line))
    expect(told).toEqual(['changed point-in-time recovery of the table pre-work-users-prod'])
    closeAll(clients)
  })

  test.each(['table', 'index'])('a new %s that is not ready is waited for', async (what) => {
    const sent: string[] = []
    let last = 0
    let isReady = false
    const late = await standBetween(account.endpoints.dynamodb, ({ operation, body }) => {
      sent.push(operation)
      if (operation !== 'DescribeTable' || !sent.includes('CreateTable') || isReady) return undefined
      // Whoever waits comes back after a while; whoever does not asks for everything at once.
      isReady = last > 0 && performance.now() - last > 500
      last = performance.now()
      if (isReady) return undefined
      const { TableName } = JSON.parse(String(body)) as { TableName: string }
      const [TableStatus, IndexStatus] = what === 'table' ? ['CREATING', 'ACTIVE'] : ['ACTIVE', 'CREATING']
      const Table = {
        TableName,
        TableStatus,
        GlobalSecondaryIndexes: [{ IndexName: 'SomeIndex', IndexStatus }],
      }
      return { status: 200, body: JSON.stringify({ Table }) }
    })
    between.push(late)
    const clients = clientsOf({ ...account.endpoints, dynamodb: late.endpoint })
    const media = only(resourcesOf(named('pre-work', dev), clients), 'table', 'media-dev')

    const told: string[] = []
    expect(await apply(media, (line) => told.push(line))).toEqual([])

    expect(told).toEqual(['made the table pre-work-media-dev'])
    expect(sent).not.toContain('UpdateTable')
    closeAll(clients)
  })

  test('a bucket that has a key of its own keeps it, and it is told', async () => {
    const rule =
      '<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>'
    const body = `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rule}</ServerSideEncryptionConfiguration>`
    const env = await behind(({ method, url }) =>
      method === 'GET' && url.includes('pre-work-thumbnails-dev') && url.includes('encryption')
        ? { status: 200, body }
        : undefined,
    )

    const { status, stdout } = await run('--env dev', env)

    expect(status).toBe(1)
    expect(stdout).toContain('10 done. 1 still differ')
    expect((await run('--env dev --check', env)).stdout).toContain(
      '    encryption: is aws:kms, cannot become AES256\n',
    )
  })

  test('encryption that is not said is said', async () => {
    const body =
      '<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ServerSideEncryptionConfiguration>'
    let asked = 0
    const env = await behind(({ method, url }) => {
      if (!url.includes('pre-work-thumbnails-dev') || !url.includes('encryption') || asked > 0)
        return undefined
      if (method === 'PUT') asked += 1
      return method === 'GET' ? { status: 200, body } : undefined
    })
    await account.hand.s3.send(new CreateBucketCommand({ Bucket: 'pre-work-thumbnails-dev' }))

    expect((await run('--env dev', env)).stdout).toContain(
      'changed encryption of the bucket pre-work-thumbnails-dev',
    )
    expect(asked).toBe(1)
    const { ServerSideEncryptionConfiguration: now } = await account.hand.s3.send(
      new GetBucketEncryptionCommand({ Bucket: 'pre-work-thumbnails-dev' }),
    )
    expect(now?.Rules?.[0]?.ApplyServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: 'AES256' })
  })

  test('a bucket is made where it is to be; the oldest region must not be named', async () => {
    const made: string[] = []
    const env = await behind(({ method, url, body }) => {
      if (method !== 'PUT' || url.includes('encryption')) return undefined
      made.push(String(body))
      return xmlError(403, 'AccessDenied', 'Access Denied')
    })
    for (const region of ['eu-central-1', 'us-east-1']) {
      const clients = {
        ...clientsOf({ ...account.endpoints, s3: env['AWS_ENDPOINT_URL_S3'] ?? '' }),
        region,
      }
      const thumbnails = only(resourcesOf(named('pre-work', dev), clients), 'bucket', 'thumbnails-dev')
      await expect(apply(thumbnails, () => undefined)).rejects.toThrow('could not be made')
      closeAll(clients)
    }

    expect(made[0]).toContain('<LocationConstraint>eu-central-1</LocationConstraint>')
    expect(made.at(-1)).toBe('')
  })
})

describe('what it is asked with', () => {
  test('is refused in a sentence when it makes no sense, with 2', async () => {
    expect(readOptions([])).toEqual({ fault: '--env wants one of dev, prod' })
    expect(readOptions(['--env', 'prod'])).toMatchObject({
      fault: expect.stringContaining('--origin') as string,
    })
    expect(readOptions(['--env', 'dev', '--origin', 'https://app.example.org/path'])).toMatchObject({
      fault: expect.stringContaining('without a path') as string,
    })
    expect(readOptions(['--env', 'dev', '--delete'])).toMatchObject({ fault: expect.any(String) as string })

    const wrong = await run('--env staging')
    expect([wrong.status, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toMatch(/^--env wants one of dev, prod\n\nusage: /)
    expect(await run('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^usage: /) as string,
    })
  })

  test('is dev with the web app of the guide, on demand, unless it says otherwise', () => {
    expect(readOptions(['--env', 'dev'])).toMatchObject({
      ...dev,
      check: false,
      json: false,
      template: false,
    })
    expect(
      readOptions(['--env', 'prod', '--origin', 'https://app.example.org', '--provisioned']),
    ).toMatchObject(prod)
    expect(readOptions(['--env', 'dev', '--queue', 'events'])).toMatchObject({ queue: 'events' })
  })

  test('prints the template, and asks AWS nothing', async () => {
    const { status, stdout, stderr } = await run('--env dev --template', {})

    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({ Description: 'What Pre-Work keeps in AWS, dev.' })
  })
})
