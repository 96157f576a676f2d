import pg from 'pg'

/** Has a database take no writes, as one that has handed over to another, or take them again; who is connected connects anew. */
export async function readOnly(databaseUrl: string, is: boolean): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    options: '-c default_transaction_read_only=off',
  })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>('select current_database() as name')
    const name = pg.escapeIdentifier(rows[0]?.name ?? '')
    await client.query(
      is
        ? `alter database ${name} set default_transaction_read_only = on`
        : `alter database ${name} reset default_transaction_read_only`,
    )
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
  } finally {
    await client.end()
  }
}
