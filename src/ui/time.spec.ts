import { describe, expect, it } from 'vitest';

import {
  formatAway,
  formatExact,
  formatFull,
  formatMoment,
  instantToWall,
  secondsBetween,
  wallToInstant
} from './time';

const now = new Date('2026-11-22T12:00:00Z');
const options = { now, locale: 'en-GB', zone: 'Europe/Paris' };

describe('formatMoment', () => {
  it('is as short as is clear', () => {
    expect(formatMoment('2026-11-22T05:00:00Z', options)).toBe('06:00');
    expect(formatMoment('2026-11-23T05:00:00Z', options)).toBe('Mon 06:00');
    expect(formatMoment('2026-12-24T05:00:00Z', options)).toBe('24 Dec 06:00');
    expect(formatMoment('2024-12-24T05:00:00Z', options)).toBe(
      '24 Dec 2024 06:00'
    );
    expect(formatMoment('no time', options)).toBe('');
    expect(formatMoment(null)).toBe('');
  });

  it('takes the day of the zone, not of UTC', () => {
    expect(formatMoment('2026-11-22T23:30:00Z', options)).toBe('Mon 00:30');
  });
});

describe('formatFull', () => {
  it('names the year only when it is another one', () => {
    // Commas are a matter of the browser's locale data.
    const full = (iso: string): string =>
      formatFull(iso, options).replace(/,/g, '');
    expect(full('2026-11-23T05:00:00Z')).toBe('Mon 23 Nov 06:00');
    expect(full('2027-01-02T05:00:00Z')).toBe('Sat 2 Jan 2027 06:00');
  });
});

describe('formatExact', () => {
  it('writes the time in the zone', () => {
    expect(
      formatExact('2026-11-22T23:30:05Z', { zone: 'America/New_York' })
    ).toBe('2026-11-22 18:30:05');
  });
});

describe('formatAway', () => {
  it('says both directions', () => {
    expect(formatAway('2026-11-23T01:00:00Z', options)).toContain('13');
    expect(formatAway('2026-11-22T11:55:00Z', options)).toContain('ago');
  });
});

describe('secondsBetween', () => {
  it('goes up to now while there is no end', () => {
    expect(secondsBetween('2026-11-22T11:59:30Z', null, now)).toBe(30);
    expect(
      secondsBetween('2026-11-22T11:00:00Z', '2026-11-22T11:00:01.5Z')
    ).toBe(1.5);
    expect(secondsBetween(null, null)).toBeNull();
  });
});

describe('wall times', () => {
  it('are turned into instants by the zone, summer and winter', () => {
    expect(wallToInstant('2026-11-23T06:00', 'Europe/Paris')).toBe(
      '2026-11-23T05:00:00.000Z'
    );
    expect(wallToInstant('2026-07-23T06:00', 'Europe/Paris')).toBe(
      '2026-07-23T04:00:00.000Z'
    );
    expect(wallToInstant('', 'Europe/Paris')).toBeNull();
  });

  it('and back', () => {
    expect(instantToWall('2026-07-23T04:00:00Z', 'Europe/Paris')).toBe(
      '2026-07-23T06:00'
    );
  });
});
