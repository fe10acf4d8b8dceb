/**
 * A schedule picked from simple choices, and the cron text it stands for.
 * Pure. Days of the week are 0 (Sunday) to 6, as in cron.
 */

export type Picker =
  | { mode: 'minutes'; every: number }
  | { mode: 'hourly'; minute: number }
  | { mode: 'daily'; hour: number; minute: number }
  | { mode: 'weekly'; days: number[]; hour: number; minute: number }
  | { mode: 'monthly'; day: number; hour: number; minute: number }
  | { mode: 'interval'; interval: Interval }
  | { mode: 'custom'; fields: string[] };

export type Mode = Picker['mode'];

/** Mage's own intervals; they are in UTC. */
export const INTERVALS = [
  '@once',
  '@hourly',
  '@daily',
  '@weekly',
  '@monthly'
] as const;

export type Interval = (typeof INTERVALS)[number];

/** The numbers of minutes that divide an hour evenly. */
export const MINUTE_STEPS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

const DAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function number(text: string, least: number, most: number): number | null {
  if (!/^\d{1,2}$/.test(text)) {
    return null;
  }
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

function weekday(text: string): number | null {
  const named = DAY_NAMES.indexOf(text.toUpperCase());
  return named >= 0 ? named : number(text, 0, 7);
}

/** `1-5`, `MON,WED`, `0` as sorted days; null when it is something else. */
export function parseDays(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last, ...rest] = part.split('-').map(weekday);
    if (first === null || last === null || rest.length) {
      return null;
    }
    for (let day = first; day <= (last ?? first); day++) {
      days.add(day % 7);
    }
    if (last !== undefined && last < first) {
      return null;
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** Sorted days as cron writes them, neighbours as a range. */
export function formatDays(days: readonly number[]): string {
  const sorted = [...new Set(days)].sort((a, b) => a - b);
  if (sorted.length === 7) {
    return '*';
  }
  const parts: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (sorted[end + 1] === sorted[end] + 1) {
      end++;
    }
    parts.push(
      end - at >= 2
        ? `${sorted[at]}-${sorted[end]}`
        : sorted.slice(at, end + 1).join(',')
    );
    at = end + 1;
  }
  return parts.join(',');
}

/** The text that a picked schedule stands for. */
export function toCron(picker: Picker): string {
  switch (picker.mode) {
    case 'minutes':
      return picker.every === 1 ? '* * * * *' : `*/${picker.every} * * * *`;
    case 'hourly':
      return `${picker.minute} * * * *`;
    case 'daily':
      return `${picker.minute} ${picker.hour} * * *`;
    case 'weekly':
      return `${picker.minute} ${picker.hour} * * ${formatDays(picker.days)}`;
    case 'monthly':
      return `${picker.minute} ${picker.hour} ${picker.day} * *`;
    case 'interval':
      return picker.interval;
    case 'custom':
      return picker.fields.map(field => field.trim() || '*').join(' ');
  }
}

/** The choices that stand for a text; `custom` when no simpler one does. */
export function fromCron(text: string): Picker {
  const trimmed = text.trim();
  if ((INTERVALS as readonly string[]).includes(trimmed)) {
    return { mode: 'interval', interval: trimmed as Interval };
  }
  const fields = trimmed.split(/\s+/).filter(Boolean);
  return (
    (fields.length === 5 && simple(fields)) || {
      mode: 'custom',
      fields: [...fields, '*', '*', '*', '*', '*'].slice(
        0,
        Math.max(5, fields.length)
      )
    }
  );
}

function simple(fields: string[]): Picker | null {
  const [minutes, hours, days, months, weekdays] = fields;
  if (months !== '*') {
    return null;
  }
  const anyDay = days === '*' && weekdays === '*';
  if (anyDay && hours === '*') {
    const every = minutes === '*' ? 1 : step(minutes);
    if (every !== null) {
      return { mode: 'minutes', every };
    }
  }
  const minute = number(minutes, 0, 59);
  if (minute === null) {
    return null;
  }
  if (hours === '*') {
    return anyDay ? { mode: 'hourly', minute } : null;
  }
  const hour = number(hours, 0, 23);
  if (hour === null) {
    return null;
  }
  if (anyDay) {
    return { mode: 'daily', hour, minute };
  }
  if (days === '*') {
    const picked = parseDays(weekdays);
    return picked && { mode: 'weekly', days: picked, hour, minute };
  }
  const day = number(days, 1, 31);
  return weekdays === '*' && day !== null
    ? { mode: 'monthly', day, hour, minute }
    : null;
}

function step(text: string): number | null {
  const match = /^\*\/(\d{1,2})$/.exec(text);
  const every = match ? Number(match[1]) : NaN;
  return MINUTE_STEPS.includes(every) && every > 1 ? every : null;
}

/** Another way of picking that keeps what it can of the schedule before. */
export function switchMode(from: Picker, mode: Mode): Picker {
  const minute = 'minute' in from ? from.minute : 0;
  const hour = 'hour' in from ? from.hour : 6;
  switch (mode) {
    case 'minutes':
      return { mode, every: 15 };
    case 'hourly':
      return { mode, minute };
    case 'daily':
      return { mode, hour, minute };
    case 'weekly':
      return { mode, days: [1, 2, 3, 4, 5], hour, minute };
    case 'monthly':
      return { mode, day: 1, hour, minute };
    case 'interval':
      return { mode, interval: '@daily' };
    case 'custom':
      return {
        mode,
        fields:
          from.mode === 'interval'
            ? ['0', '0', '*', '*', '*']
            : toCron(from).split(' ')
      };
  }
}

/** `06:05` for the value of a time input. */
export function formatTime(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** Hour and minute of a time input's value; null while it is incomplete. */
export function parseTime(
  text: string
): { hour: number; minute: number } | null {
  const match = /^(\d{2}):(\d{2})/.exec(text);
  return match ? { hour: Number(match[1]), minute: Number(match[2]) } : null;
}
