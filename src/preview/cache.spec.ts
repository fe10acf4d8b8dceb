import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { PageCache } from './cache';

interface IAsked {
  page: number;
  signal: AbortSignal;
  answer(rows?: unknown[][]): Promise<void>;
  fail(error: unknown): Promise<void>;
}

const rowsOf = (page: number) =>
  Array.from({ length: 10 }, (_, index) => [page * 10 + index]);

function setUp(maximum = 3) {
  const asked: IAsked[] = [];
  const pages: number[] = [];
  const errors: unknown[] = [];
  const cache = new PageCache({
    pageSize: 10,
    maximum,
    load: (page, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        asked.push({
          page,
          signal,
          answer: async (rows = rowsOf(page)) => {
            resolve(rows);
            await vi.advanceTimersByTimeAsync(0);
          },
          fail: async error => {
            reject(error);
            await vi.advanceTimersByTimeAsync(0);
          }
        });
      }),
    onPage: page => pages.push(page),
    onError: error => errors.push(error)
  });
  const look = async (first: number, last: number) => {
    cache.want(first, last);
    await vi.advanceTimersByTimeAsync(100);
  };
  return { asked, pages, errors, cache, look };
}

describe('PageCache', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('fetches the pages in view, two at a time', async () => {
    const { asked, pages, cache, look } = setUp();
    await look(5, 25);
    expect(asked.map(item => item.page)).toEqual([0, 1]);
    await asked[0].answer();
    expect(asked.map(item => item.page)).toEqual([0, 1, 2]);
    expect(pages).toEqual([0]);
    expect(cache.row(7)).toEqual([7]);
    expect(cache.row(17)).toBeUndefined();
  });

  it('asks only for where a fling ends', async () => {
    const { asked, cache, look } = setUp();
    cache.want(0, 9);
    cache.want(500, 509);
    await look(9000, 9009);
    expect(asked.map(item => item.page)).toEqual([900]);
  });

  it('aborts what went out of view, and ignores its end', async () => {
    const { asked, pages, errors, look } = setUp();
    await look(0, 9);
    await look(100, 109);
    expect(asked[0].signal.aborted).toBe(true);
    await asked[1].answer();
    expect(pages).toEqual([10]);
    expect(errors).toEqual([]);
  });

  it('drops the page that was looked at longest ago', async () => {
    const { asked, cache, look } = setUp(2);
    for (const page of [0, 1]) {
      await look(page * 10, page * 10 + 9);
      await asked[page].answer();
    }
    cache.row(3);
    await look(20, 29);
    await asked[2].answer();
    expect(cache.size).toBe(2);
    expect(cache.row(3)).toEqual([3]);
    expect(cache.row(13)).toBeUndefined();
  });

  it('does not ask for rows it was given', async () => {
    const { asked, cache, look } = setUp();
    cache.seed(rowsOf(0).slice(0, 5));
    await look(0, 4);
    expect(asked).toEqual([]);
    expect(cache.row(4)).toEqual([4]);
    await look(0, 5);
    expect(asked.map(item => item.page)).toEqual([0]);
  });

  it('tells of a failure and asks again when looked at again', async () => {
    const { asked, errors, look } = setUp();
    await look(0, 9);
    await asked[0].fail(new Error('no'));
    expect(errors).toHaveLength(1);
    await look(0, 9);
    expect(asked).toHaveLength(2);
  });

  it('leaves nothing under way when cleared', async () => {
    const { asked, cache, look } = setUp();
    await look(0, 9);
    cache.dispose();
    expect(asked[0].signal.aborted).toBe(true);
    expect(cache.busy).toBe(false);
    await look(0, 9);
    expect(asked).toHaveLength(1);
  });
});
