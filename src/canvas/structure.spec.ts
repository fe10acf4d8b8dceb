import { describe, expect, it, vi } from 'vitest';

import type { IRows } from '../api/types';
import type { IBlock } from '../tokens';
import { Samples } from './samples';
import { possibleTargets, structureOf } from './structure';
import { reuse } from './useDocument';

function block(id: string, upstream: string[] = [], type = 'transformer') {
  return {
    id,
    name: id,
    type,
    language: 'python',
    role: 'block',
    upstream,
    missing: false,
    path: null,
    usedIn: [],
    color: null,
    status: { state: 'idle', outputs: [] }
  } satisfies IBlock;
}

describe('possibleTargets', () => {
  it('offers no block that would close a circle', () => {
    const blocks = [
      block('load', [], 'data_loader'),
      block('clean', ['load']),
      block('sum', ['clean']),
      block('other')
    ];
    const ids = (id: string): string[] =>
      possibleTargets(blocks, id).map(item => item.id);
    expect(ids('sum')).toEqual(['other']);
    expect(ids('load')).toEqual(['sum', 'other']);
  });
});

describe('structureOf', () => {
  it('draws a line for every known upstream, once', () => {
    const { lines } = structureOf([
      block('load', [], 'data_loader'),
      block('clean', ['load', 'load', 'gone'])
    ]);
    expect(lines).toEqual([
      { id: 'load → clean', source: 'load', target: 'clean', hanging: false }
    ]);
  });

  it('hangs callbacks under their first block, with lines to the others', () => {
    const { cards, lines } = structureOf([
      block('a'),
      block('b'),
      block('tell', ['a', 'b'], 'callback')
    ]);
    expect(cards[2]).toMatchObject({ small: true, host: 'a' });
    expect(lines).toEqual([
      { id: 'b → tell', source: 'b', target: 'tell', hanging: true }
    ]);
  });

  it('keeps room for data on blocks that hand on tables', () => {
    const { cards } = structureOf([
      block('load', [], 'data_loader'),
      block('save', ['load'], 'data_exporter')
    ]);
    expect(cards[0].height).toBeGreaterThan(cards[1].height);
  });
});

describe('reuse', () => {
  it('keeps what did not change, and all of it when nothing did', () => {
    const old = [block('a'), block('b', ['a'])];
    expect(reuse(old, [block('a'), block('b', ['a'])])).toBe(old);
    const now = reuse(old, [block('a'), block('b')]);
    expect(now[0]).toBe(old[0]);
    expect(now[1]).not.toBe(old[1]);
    expect(reuse(old, [block('a')])).toHaveLength(1);
    expect(reuse(old, [old[1], old[0]])).not.toBe(old);
  });
});

describe('Samples', () => {
  const rows = { columns: [], rows: [] } as unknown as IRows;

  it('asks once, two at a time, and not for what was passed by', async () => {
    const answers: (() => void)[] = [];
    const load = vi.fn(
      () => new Promise<IRows>(resolve => answers.push(() => resolve(rows)))
    );
    const samples = new Samples(load);
    const asked = ['a', 'b', 'c'].map(id =>
      samples.get(id, 'v', 'o', () => id === 'c')
    );
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
    answers.forEach(answer => answer());
    expect(await Promise.all(asked)).toEqual([rows, rows, null]);
    expect(load).toHaveBeenCalledTimes(2);
    expect(samples.peek('a', 'v', 'o')).toBe(rows);
    expect(samples.peek('c', 'v', 'o')).toBeUndefined();
  });

  it('asks again for what was not there', async () => {
    const load = vi
      .fn(() => Promise.resolve(rows))
      .mockRejectedValueOnce(new Error('not yet'));
    const samples = new Samples(load);
    expect(await samples.get('a', 'v', 'o', () => false)).toBeNull();
    expect(await samples.get('a', 'v', 'o', () => false)).toBe(rows);
    expect(await samples.get('a', 'v', 'o', () => false)).toBe(rows);
    expect(load).toHaveBeenCalledTimes(2);
  });
});
