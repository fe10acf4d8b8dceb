/** Numbers as people read them. */

/** A duration: `0.12 s`, `34 s`, `2 min 05 s`, `1 h 04 min`. */
export function durationText(seconds: number): string {
  if (seconds < 1) {
    return `${Math.max(0, seconds).toFixed(2)} s`;
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  return elapsedText(seconds);
}

/** A running time in whole seconds, so that it does not flicker. */
export function elapsedText(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  }
  const hours = Math.floor(minutes / 60);
  return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A count with the separators of the reader's language. */
export function countText(value: number): string {
  return value.toLocaleString();
}

/** A size: `1.2 kB`, `34 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Rows × columns of a table, or only its rows. */
export function shapeText(
  rows: number | null | undefined,
  columns: number | null | undefined
): string | null {
  if (rows === null || rows === undefined) {
    return null;
  }
  return columns === null || columns === undefined
    ? countText(rows)
    : `${countText(rows)} × ${countText(columns)}`;
}
