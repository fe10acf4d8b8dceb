/** Values as spreadsheets take them, and shares. Pure. */
import { PENDING } from '../ui/cellText';

/** A cell for a spreadsheet: quoted where it would break the line. */
export function tsvCell(value: unknown): string {
  if (value === null || value === undefined || value === PENDING) {
    return '';
  }
  const text =
    typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /["\t\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** Rows as tab-separated text. */
export function tsv(rows: readonly (readonly unknown[])[]): string {
  return rows.map(row => row.map(tsvCell).join('\t')).join('\n');
}

/** A share: `0 %` only when nothing, `100 %` only when all. */
export function shareText(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) {
    return '0%';
  }
  if (part >= whole) {
    return '100%';
  }
  const percent = (100 * part) / whole;
  return percent < 1
    ? '<1%'
    : percent > 99
      ? '>99%'
      : `${Math.round(percent)}%`;
}
