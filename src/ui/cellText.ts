/** Cells of tables as people read them. Pure. */
import type { IColumn } from '../api/types';

/** Stands for a cell that has not arrived yet. */
export const PENDING = Symbol('pending');

const DIGITS = 10;

/** Text of a cell in the grid: one line. */
export function cellText(value: unknown, column: IColumn): string {
  if (value === PENDING) {
    return '·';
  }
  if (value === null || value === undefined) {
    return 'null';
  }
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(DIGITS)));
  }
  if (column.kind === 'time' && typeof value === 'string') {
    return timeText(value);
  }
  return fullText(value).replace(/\s*[\r\n]+\s*/g, ' ⏎ ');
}

/** Everything that is in a cell. */
export function fullText(value: unknown): string {
  if (value === null || value === undefined) {
    return 'null';
  }
  return typeof value === 'object'
    ? JSON.stringify(value, null, 2)
    : String(value);
}

/** `2024-03-01T06:00:00.000000` → `2024-03-01 06:00:00`. */
export function timeText(value: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(.*)$/.exec(
    value
  );
  if (!parts) {
    return value;
  }
  const [, date, minutes, seconds = ':00', fraction = '', zone] = parts;
  return `${date} ${minutes}${seconds}${fraction.replace(/\.?0+$/, '')}${zone}`;
}
