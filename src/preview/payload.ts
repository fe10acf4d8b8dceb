/** What travels in the display message; from a file, so not to be trusted. */
import type { IColumn } from '../api/types';

export const PREVIEW_MIME = 'application/vnd.mage.preview+json';
export const TESTS_MIME = 'application/vnd.mage.tests+json';
export const DBT_MIME = 'application/vnd.mage.dbt+json';

/** Where a stored output lies. All but the version and output are slugs. */
export interface IProductAddress {
  project: string;
  pipeline: string;
  block: string;
  scope: string;
  version: string | null;
  output: string;
}

export interface ITablePayload {
  address: IProductAddress;
  /** Id of the block, for people. */
  name: string;
  type: string;
  rows: number;
  columns: IColumn[];
  /** Columns of the whole table. */
  width: number;
  page: unknown[][];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown, fallback = ''): string {
  return typeof value === 'string' ? value : fallback;
}

/** Read a preview message; null when it is not one that can be shown. */
export function parsePayload(data: unknown): ITablePayload | null {
  if (
    !isRecord(data) ||
    data.kind !== 'table' ||
    !Array.isArray(data.columns)
  ) {
    return null;
  }
  const page = isRecord(data.page) ? data.page.rows : null;
  const columns = data.columns.filter(isRecord).map(column => ({
    name: text(column.name),
    type: text(column.type),
    kind: text(column.kind, 'other'),
    nulls: typeof column.nulls === 'number' ? column.nulls : null
  }));
  const rows = Array.isArray(page)
    ? page.filter((row): row is unknown[] => Array.isArray(row))
    : [];
  return {
    address: {
      project: text(data.project),
      pipeline: text(data.pipeline),
      block: text(data.block_slug, text(data.block)),
      scope: text(data.scope, 'interactive'),
      version: text(data.version) || null,
      output: text(data.output, 'output_0')
    },
    name: text(data.block),
    type: text(data.type),
    rows: typeof data.rows === 'number' ? data.rows : rows.length,
    columns,
    width:
      typeof data.columns_total === 'number'
        ? data.columns_total
        : columns.length,
    page: rows
  };
}

export interface ITestsPayload {
  passed: number;
  failed: number;
  tests: { name: string; passed: boolean; message: string }[];
}

/** Read a summary of tests; null when it is none. */
export function parseTests(data: unknown): ITestsPayload | null {
  if (!isRecord(data) || typeof data.passed !== 'number') {
    return null;
  }
  const tests = Array.isArray(data.tests) ? data.tests.filter(isRecord) : [];
  return {
    passed: data.passed,
    failed: typeof data.failed === 'number' ? data.failed : 0,
    tests: tests.map(test => ({
      name: text(test.name),
      passed: test.passed === true,
      message: text(test.message)
    }))
  };
}

/** What dbt says of each model and test of a command. */
export interface IDbtPayload {
  command: string;
  /** How many there are; a message holds the first ones. */
  total: number;
  results: {
    name: string;
    kind: string;
    status: string;
    seconds: number;
    rows: number | null;
    message: string;
    file: string;
    relation: string;
  }[];
}

/** Read the results of a dbt command; null when it is none. */
export function parseDbt(data: unknown): IDbtPayload | null {
  if (!isRecord(data) || !Array.isArray(data.results)) {
    return null;
  }
  const results = data.results.filter(isRecord).map(item => ({
    name: text(item.name),
    kind: text(item.kind),
    status: text(item.status),
    seconds: typeof item.seconds === 'number' ? item.seconds : 0,
    rows: typeof item.rows === 'number' ? item.rows : null,
    message: text(item.message),
    file: text(item.file),
    relation: text(item.relation)
  }));
  return {
    command: text(data.command),
    total: typeof data.total === 'number' ? data.total : results.length,
    results
  };
}
