import { createServer, connect, type Server, type Socket } from 'node:net'
import { Client } from 'pg'
import { createAccept, type Accept } from '../../../src/jobs/accept.ts'
import { openDatabase, type Database } from '../../../src/shared/database.ts'
import type { World } from '../../support/world.ts'

/** The way to the world's Postgres, which can be cut and mended; the server itself keeps running. */
export interface Way extends AsyncDisposable {
  database: Database
  accept: Accept
  cut(): Promise<void>
  mend(): Promise<void>
}

export async function openWay(world: World): Promise<Way> {
  const target = new URL(world.databaseUrl)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  const listen = async (port: number): Promise<number> => {
    server = createServer((from) => {
      const to = connect(Number(target.port), target.hostname)
      for (const socket of [from, to]) sockets.add(socket.on('error', () => socket.destroy()))
      from.on('close', () => to.destroy())
      to.on('close', () => from.destroy())
      from.pipe(to).pipe(from)
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' && address ? address.port : port
  }
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await closed
  }

  const port = await listen(0)
  const url = new URL(world.databaseUrl)
  url.port = String(port)
  const { config, log, metrics, asking } = world
  const database = openDatabase({ ...config.database, url: url.toString(), log, name: 'events by a way' })
  return {
    database,
    accept: createAccept({ database, dispatcher: asking.dispatcher, metrics }),
    cut,
    mend: async () => void (await listen(port)),
    [Symbol.asyncDispose]: async () => {
      await database.close()
      await cut()
    },
  }
}

/** A gate that every transaction that enters a job has to pass at its commit. */
export interface Gate extends AsyncDisposable {
  /** Resolves with the backends that stand at the gate, as soon as there is one. */
  waiting(): Promise<number[]>
  /** Ends the backends that stand at the gate. */
  kill(): Promise<void>
  open(): Promise<void>
}

/** Commits wait for a lock the gate holds: a deferred constraint is checked when everything else is done. */
export async function closeGate(world: World): Promise<Gate> {
  const keeper = new Client({ connectionString: world.databaseUrl })
  await keeper.connect()
  await keeper.query(`
    create function public.pass() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(4711); return null; end $$;
    create constraint trigger gate after insert on millrace.jobs deferrable initially deferred
      for each row execute function public.pass()`)
  await keeper.query('select pg_advisory_lock(4711)')
  const standing = async (): Promise<number[]> => {
    const { rows } = await keeper.query<{ pid: number }>(
      `select pid from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and objid = 4711 and not granted and datname = current_database()`,
    )
    return rows.map((row) => row.pid)
  }
  return {
    waiting: async () => {
      let pids: number[] = []
      while (pids.length === 0) pids = await standing()
      return pids
    },
    kill: async () =>
      void (await keeper.query('select pg_terminate_backend(unnest($1::int[]))', [await standing()])),
    open: async () => void (await keeper.query('select pg_advisory_unlock_all()')),
    [Symbol.asyncDispose]: () => keeper.end(),
  }
}

export interface JobRow {
  id: string
  name: string
  key: string
  trace: string
  state: string
  round: number
  data: Record<string, unknown>
}

export const jobsIn = (world: World): Promise<JobRow[]> =>
  world.database.run<JobRow>({ name: 'test.jobs', text: 'select * from millrace.jobs order by key' }, [])

export interface RejectedRow {
  source: string
  message_id: string
  reason: string
  body: string
}

export const rejectedIn = (world: World): Promise<RejectedRow[]> =>
  world.database.run<RejectedRow>(
    { name: 'test.rejected', text: 'select * from millrace.rejected_messages order by reason' },
    [],
  )

export const change = (world: World, text: string): Promise<unknown> =>
  world.database.run({ name: `test.${text}`.slice(0, 60), text }, [])
