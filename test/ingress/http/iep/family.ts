import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import type { LightMyRequestResponse } from 'fastify'
import { startS3, type S3Stack } from '../../../../local/s3/server.ts'
import type { Sql } from '../../../../src/shared/database.ts'
import { bearer, startWeb, type Web, type WebOptions } from '../web.ts'

export interface Call {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  url: string
  payload?: object
  headers?: Record<string, string>
}

/** The web server with its routes for parents. */
export interface Family extends AsyncDisposable {
  web: Web
  sql: Sql
  /** Calls as a parent, with a token of the pool. */
  as(userId: string, call: Call): Promise<LightMyRequestResponse>
  token(userId: string): Promise<Record<string, string>>
  /** A child of this parent, made by the API. */
  child(userId: string, name?: string): Promise<string>
}

export async function startFamily(options: WebOptions = {}): Promise<Family> {
  const web = await startWeb({ ...options, env: { IEP_KEYS: 'iep-test-key-0123456789', ...options.env } })
  const tokens = new Map<string, Promise<string>>()
  const token = async (userId: string) => {
    const known =
      tokens.get(userId) ??
      web.issuer.cognito({ sub: userId, aud: 'iep-client' }, { issuer: `${web.issuer.url}/iep` })
    tokens.set(userId, known)
    return bearer(await known)
  }
  const as = async (userId: string, { headers = {}, url, ...call }: Call) =>
    web.app.inject({ ...call, url: `/iep${url}`, headers: { ...(await token(userId)), ...headers } })

  return {
    web,
    sql: web.world.database.sql,
    as,
    token,
    child: async (userId, name = 'Linus') => {
      const payload = { name, schoolCity: 'Cambridge' }
      const added = await as(userId, { method: 'POST', url: '/profile/children', payload })
      return added.json().childId
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  }
}

const credentials = { accessKeyId: 'ADA', secretAccessKey: 'ada-keeps-this-to-herself' }
const Bucket = 'iep-documents'

/** S3 with the bucket of the documents, on a folder of its own. */
export interface Documents extends AsyncDisposable {
  env: Record<string, string>
  bucket: string
  /** S3 goes away, and comes back at the same address with what it had. */
  leave(): Promise<void>
  comeBack(): Promise<void>
  put(key: string): Promise<void>
  keys(): Promise<string[]>
}

export async function startDocuments(): Promise<Documents> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-documents-'))
  const kept = { directory: path.join(directory, 's3'), credentials }
  let stack: S3Stack = await startS3(kept)
  const { endpoint, region } = stack
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket }))
  return {
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      IEP_BUCKET: Bucket,
    },
    bucket: Bucket,
    leave: () => stack.stop(),
    comeBack: async () => {
      stack = await startS3({ ...kept, port: Number(new URL(endpoint).port) })
    },
    put: async (Key) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: '%PDF-1.7', ContentType: 'application/pdf' }))
    },
    keys: async () => {
      const { Contents = [] }: ListObjectsV2CommandOutput = await s3.send(
        new ListObjectsV2Command({ Bucket }),
      )
      return Contents.map(({ Key = '' }) => Key)
    },
    [Symbol.asyncDispose]: async () => {
      s3.destroy()
      await stack.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
