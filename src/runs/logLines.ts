/**
 * Which records of a log are shown. Pure.
 */
import type { ILogRecord } from '../api/types';
import { plainText } from './ansi';

export type Level = 'all' | 'warnings' | 'errors';

const RANK: Record<string, number> = {
  DEBUG: 0,
  INFO: 1,
  WARNING: 2,
  ERROR: 3,
  CRITICAL: 4
};

const LEAST: Record<Level, number> = { all: 0, warnings: 2, errors: 3 };

/** The text of a record with its terminal colours. */
export function textOf(record: ILogRecord): string {
  const trace = (record.output as { traceback?: unknown } | null)?.traceback;
  return Array.isArray(trace) && trace.length ? trace.join('\n') : record.text;
}

/** Whether the record is shown for the level and the search. */
export function isShown(
  record: ILogRecord,
  level: Level,
  search: string
): boolean {
  if ((RANK[record.level.toUpperCase()] ?? 1) < LEAST[level]) {
    return false;
  }
  return (
    !search ||
    plainText(textOf(record)).toLowerCase().includes(search.toLowerCase())
  );
}
