import { mkdtempSync } from 'node:fs'
import { startS3 } from '../../../local/s3/server.ts'
// @ts-ignore
import { runSuite } from './zz-suite.mjs'
const directory = mkdtempSync('/tmp/zz-s3-')
const s = await startS3({ directory, credentials: { accessKeyId: 'local', secretAccessKey: 'localsecret' }, sendToQueue: async (a, b) => console.log(a, b) })
await runSuite({ name: 'new', endpoint: s.endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'localsecret' } })
await s.stop()
