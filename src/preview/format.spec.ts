import { describe, expect, it } from 'vitest';

import { cellText, timeText } from '../ui/cellText';
import { shareText, tsv } from './format';
import { parsePayload, parseTests } from './payload';

const column = (kind: string) => ({ name: 'c', type: 't', kind, nulls: null });

describe('cells', () => {
  it('are one line each', () => {
    expect(cellText('a\r\n  b', column('text'))).toBe('a ⏎ b');
    expect(cellText(null, column('text'))).toBe('null');
    expect(cellText(0.1 + 0.2, column('number'))).toBe('0.3');
    expect(cellText(1234567, column('number'))).toBe('1234567');
    expect(cellText('9007199254740993', column('number'))).toBe(
      '9007199254740993'
    );
    expect(cellText('2024-03-01T06:00:00.000000', column('time'))).toBe(
      '2024-03-01 06:00:00'
    );
  });

  it('show times in one format', () => {
    expect(timeText('2024-03-01')).toBe('2024-03-01');
    expect(timeText('2024-03-01 06:00:00.120000+01:00')).toBe(
      '2024-03-01 06:00:00.12+01:00'
    );
    expect(timeText('noon')).toBe('noon');
  });
});

describe('tsv', () => {
  it('quotes what would break a line and leaves nulls empty', () => {
    expect(
      tsv([
        ['a', null, 1.5],
        ['tab\there', 'say "no"', 'two\nlines'],
        [{ x: 1 }, false, '']
      ])
    ).toBe(
      'a\t\t1.5\n"tab\there"\t"say ""no"""\t"two\nlines"\n"{""x"":1}"\tfalse\t'
    );
  });
});

describe('shareText', () => {
  it('says none and all only when it is so', () => {
    expect([0, 1, 500, 999, 1000].map(part => shareText(part, 1000))).toEqual([
      '0%',
      '<1%',
      '50%',
      '>99%',
      '100%'
    ]);
  });
});

describe('payloads from files', () => {
  it('are read with care', () => {
    const payload = parsePayload({
      kind: 'table',
      project: 'p',
      pipeline: 'q',
      block: 'load/a',
      block_slug: 'load-sa',
      version: 'v',
      output: 'output_1',
      rows: 9,
      columns: [{ name: 'c', type: 'int64', kind: 'number' }, 'odd'],
      page: { offset: 0, rows: [[1], 'odd'] }
    });
    expect(payload).toMatchObject({
      address: {
        project: 'p',
        pipeline: 'q',
        block: 'load-sa',
        scope: 'interactive',
        version: 'v',
        output: 'output_1'
      },
      name: 'load/a',
      rows: 9,
      columns: [{ name: 'c', type: 'int64', kind: 'number', nulls: null }],
      page: [[1]]
    });
  });

  it.each([
    null,
    'x',
    [],
    {},
    { kind: 'table' },
    { kind: 'json', columns: [] }
  ])('that cannot be shown are refused: %j', data => {
    expect(parsePayload(data)).toBeNull();
  });

  it('hold tests', () => {
    expect(
      parseTests({
        passed: 1,
        failed: 1,
        tests: [{ name: 't', passed: false }]
      })
    ).toEqual({
      passed: 1,
      failed: 1,
      tests: [{ name: 't', passed: false, message: '' }]
    });
    expect(parseTests({})).toBeNull();
  });
});
