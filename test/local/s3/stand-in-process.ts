import { startS3 } from '../../../local/s3/server.ts'
import { ada } from './world.ts'

/** A stand-in in a process of its own, to be killed. Tells its parent the endpoint. */
const [directory = ''] = process.argv.slice(2)
const { endpoint } = await startS3({ directory, credentials: ada })
process.send?.(endpoint)
process.on('disconnect', () => process.exit())
