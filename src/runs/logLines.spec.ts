import { describe, expect, it } from 'vitest';

import type { ILogRecord } from '../api/types';
import { isShown, textOf } from './logLines';

function record(text: string, more: Partial<ILogRecord> = {}): ILogRecord {
  return {
    time: null,
    kind: 'stream',
    level: 'INFO',
    text,
    output: null,
    ...more
  };
}

describe('isShown', () => {
  it('goes by level', () => {
    expect(isShown(record('x'), 'warnings', '')).toBe(false);
    expect(isShown(record('x', { level: 'WARNING' }), 'warnings', '')).toBe(
      true
    );
    expect(isShown(record('x', { level: 'WARNING' }), 'errors', '')).toBe(
      false
    );
    expect(isShown(record('x', { level: 'strange' }), 'all', '')).toBe(true);
  });

  it('searches the text, not its colours', () => {
    expect(isShown(record('\u001b[31mab\u001b[0mc'), 'all', 'ABC')).toBe(true);
    expect(isShown(record('\u001b[31mabc'), 'all', '31')).toBe(false);
  });
});

describe('textOf', () => {
  it('takes the coloured traceback of an error', () => {
    const output = { output_type: 'error', traceback: ['a', 'b'] };
    expect(textOf(record('plain', { output: output as unknown as null }))).toBe(
      'a\nb'
    );
  });
});
