/**
 * Times in words. Pure: the present moment, locale and zone are
 * arguments, with the machine's own as defaults.
 */

export interface ITimeOptions {
  now?: Date;
  locale?: string;
  zone?: string;
}

/** The IANA zone of the browser. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Seconds between two ISO times; up to now when the second is missing. */
export function secondsBetween(
  from: string | null | undefined,
  to: string | null | undefined,
  now = new Date()
): number | null {
  if (!from) {
    return null;
  }
  const end = to ? Date.parse(to) : now.getTime();
  const seconds = (end - Date.parse(from)) / 1000;
  return isFinite(seconds) ? Math.max(0, seconds) : null;
}

function day(date: Date, zone?: string): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit'
  }).format(date);
}

/** As short as is clear: `06:00` today, `Mon 06:00` this week, else `23 Nov 06:00`. */
export function formatMoment(
  iso: string | null | undefined,
  { now = new Date(), locale, zone }: ITimeOptions = {}
): string {
  const date = iso ? new Date(iso) : null;
  if (!date || isNaN(date.getTime())) {
    return '';
  }
  const clock: Intl.DateTimeFormatOptions = {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  };
  const time = new Intl.DateTimeFormat(locale, clock).format(date);
  if (day(date, zone) === day(now, zone)) {
    return time;
  }
  const away = Math.abs(date.getTime() - now.getTime()) / 86_400_000;
  const options: Intl.DateTimeFormatOptions =
    away < 6
      ? { timeZone: zone, weekday: 'short' }
      : { timeZone: zone, day: 'numeric', month: 'short' };
  if (away > 300) {
    options.year = 'numeric';
  }
  return `${new Intl.DateTimeFormat(locale, options).format(date)} ${time}`;
}

/** Date and time in full, with seconds: `2026-11-23 06:00:00`. */
export function formatExact(
  iso: string | null | undefined,
  { zone }: ITimeOptions = {}
): string {
  const date = iso ? new Date(iso) : null;
  if (!date || isNaN(date.getTime())) {
    return '';
  }
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23'
  }).format(date);
  return `${day(date, zone)} ${time}`;
}

/** Weekday, date and time without seconds; the year when it is another one. */
export function formatFull(
  iso: string,
  { now = new Date(), locale, zone }: ITimeOptions = {}
): string {
  const date = new Date(iso);
  const year = day(date, zone).slice(0, 4);
  const parts = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: year === day(now, zone).slice(0, 4) ? undefined : 'numeric'
  }).format(date);
  const time = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  }).format(date);
  return `${parts} ${time}`;
}

/** How far away: `in 13 h`, `5 min ago`, in the language of the locale. */
export function formatAway(
  iso: string,
  { now = new Date(), locale }: ITimeOptions = {}
): string {
  const seconds = (Date.parse(iso) - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  const format = new Intl.RelativeTimeFormat(locale, { style: 'short' });
  if (size < 60) {
    return format.format(Math.round(seconds), 'second');
  }
  if (size < 3600) {
    return format.format(Math.round(seconds / 60), 'minute');
  }
  if (size < 48 * 3600) {
    return format.format(Math.round(seconds / 3600), 'hour');
  }
  return format.format(Math.round(seconds / 86_400), 'day');
}

/** Offset of the zone from UTC at an instant, in ms. */
function offsetAt(time: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  }).formatToParts(new Date(time));
  const of = (type: string): number =>
    Number(parts.find(part => part.type === type)?.value ?? 0);
  const wall = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second')
  );
  return wall - Math.floor(time / 1000) * 1000;
}

/** The instant at which clocks in `zone` show `wall` (`2026-11-23T06:00`), as ISO. */
export function wallToInstant(wall: string, zone: string): string | null {
  const asUtc = Date.parse(`${wall}Z`);
  if (isNaN(asUtc)) {
    return null;
  }
  const guess = asUtc - offsetAt(asUtc, zone);
  return new Date(asUtc - offsetAt(guess, zone)).toISOString();
}

/** What clocks in `zone` show at an instant, as a `datetime-local` value. */
export function instantToWall(iso: string, zone: string): string {
  const time = Date.parse(iso);
  return isNaN(time)
    ? ''
    : new Date(time + offsetAt(time, zone)).toISOString().slice(0, 16);
}
