import type { IBlockMetadata } from './blockIds';

/** Databases of which all rows are read back, as in Mage. */
const UNLIMITED: ReadonlySet<unknown> = new Set(['clickhouse', 'duckdb']);

/**
 * How many rows of its own table a SQL block in a database reads back in the
 * notebook. Raw SQL has no table of its own, and without a database nothing is
 * cut: the grid fetches what is looked at.
 */
export function limitOf(
  block: Pick<IBlockMetadata, 'language' | 'type' | 'configuration'>
): number | null {
  const said = block.configuration ?? {};
  const rows = Number(said.limit);
  const cuts =
    block.language === 'sql' &&
    block.type !== 'dbt' &&
    !!said.data_provider &&
    !said.use_raw_sql &&
    !UNLIMITED.has(said.data_provider);
  return cuts && rows > 0 ? rows : null;
}
