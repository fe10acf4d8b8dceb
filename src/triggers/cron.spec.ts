import { describe, expect, it } from 'vitest';

import type { Picker } from './cron';
import {
  formatDays,
  formatTime,
  fromCron,
  parseDays,
  parseTime,
  switchMode,
  toCron
} from './cron';

describe('cron picker', () => {
  const pairs: [string, Picker][] = [
    ['* * * * *', { mode: 'minutes', every: 1 }],
    ['*/15 * * * *', { mode: 'minutes', every: 15 }],
    ['7 * * * *', { mode: 'hourly', minute: 7 }],
    ['30 6 * * *', { mode: 'daily', hour: 6, minute: 30 }],
    [
      '0 6 * * 1-5',
      { mode: 'weekly', days: [1, 2, 3, 4, 5], hour: 6, minute: 0 }
    ],
    ['0 6 * * 0,6', { mode: 'weekly', days: [0, 6], hour: 6, minute: 0 }],
    ['5 23 31 * *', { mode: 'monthly', day: 31, hour: 23, minute: 5 }],
    ['@once', { mode: 'interval', interval: '@once' }],
    ['@monthly', { mode: 'interval', interval: '@monthly' }]
  ];

  it.each(pairs)('reads and writes %s', (text, picker) => {
    expect(fromCron(text)).toEqual(picker);
    expect(toCron(picker)).toBe(text);
  });

  it.each([
    '*/7 * * * *',
    '0 6,18 * * *',
    '0 6 1 1 *',
    '0 6 1 * 1',
    '0 6 L * *',
    '0-30 * * * *',
    '61 * * * *',
    '5 * * * 1'
  ])('leaves %s as typed', text => {
    const picker = fromCron(text);
    expect(picker.mode).toBe('custom');
    expect(toCron(picker)).toBe(text);
  });

  it('fills up what is not typed yet', () => {
    expect(toCron(fromCron('0 6'))).toBe('0 6 * * *');
    expect(fromCron('').mode).toBe('custom');
    expect(fromCron('1 2 3 4 5 6')).toEqual({
      mode: 'custom',
      fields: ['1', '2', '3', '4', '5', '6']
    });
  });
});

describe('days of the week', () => {
  it('are read by number, name and range', () => {
    expect(parseDays('MON-wed,7')).toEqual([0, 1, 2, 3]);
    expect(parseDays('5-1')).toBeNull();
    expect(parseDays('2#1')).toBeNull();
    expect(parseDays('*')).toBeNull();
  });

  it('are written short', () => {
    expect(formatDays([5, 1, 2, 3])).toBe('1-3,5');
    expect(formatDays([1, 2])).toBe('1,2');
    expect(formatDays([0, 1, 2, 3, 4, 5, 6])).toBe('*');
  });
});

describe('switchMode', () => {
  it('keeps the time of day', () => {
    const daily = fromCron('45 22 * * *');
    expect(toCron(switchMode(daily, 'monthly'))).toBe('45 22 1 * *');
    expect(toCron(switchMode(daily, 'custom'))).toBe('45 22 * * *');
    expect(toCron(switchMode(daily, 'hourly'))).toBe('45 * * * *');
  });
});

describe('times', () => {
  it('go into an input and back', () => {
    expect(formatTime(6, 5)).toBe('06:05');
    expect(parseTime('06:05')).toEqual({ hour: 6, minute: 5 });
    expect(parseTime('')).toBeNull();
  });
});
