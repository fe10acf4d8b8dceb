/** The connector of a SQL block's `data_provider`; null when none can be tried. */
export function connectorOf(provider: unknown): string | null {
  const known = [
    'postgres',
    'mysql',
    'sqlite',
    'duckdb',
    'mssql',
    'bigquery',
    'snowflake',
    'redshift',
    'clickhouse',
    'trino'
  ];
  if (provider === 'sqlserver') {
    return 'mssql';
  }
  return typeof provider === 'string' && known.includes(provider)
    ? provider
    : null;
}
