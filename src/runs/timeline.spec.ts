import { describe, expect, it } from 'vitest';

import type { IStep } from '../api/types';
import { layTimeline, tickStep } from './timeline';

function step(
  block: string,
  started: string | null,
  ended: string | null,
  upstream: string[] = []
): IStep {
  const day = '2026-11-22T00:00:';
  return {
    block,
    slug: block,
    name: block,
    type: 'transformer',
    language: 'python',
    upstream,
    state: 'completed',
    attempt: 1,
    started: started && `${day}${started}Z`,
    ended: ended && `${day}${ended}Z`,
    error: null,
    outputs: []
  };
}

describe('layTimeline', () => {
  it('lays bars between start and end, waiting from the end of the inputs', () => {
    const line = layTimeline({
      created: '2026-11-22T00:00:00Z',
      started: '2026-11-22T00:00:00Z',
      ended: '2026-11-22T00:00:10Z',
      steps: [
        step('a', '00', '02'),
        step('b', '04', '10', ['a']),
        step('c', null, null, ['b'])
      ]
    });
    expect(line.seconds).toBe(10);
    const [a, b, c] = line.bars;
    expect([a.start, a.width, a.waitWidth]).toEqual([0, 0.2, 0]);
    expect([b.start, b.width]).toEqual([0.4, 0.6]);
    expect([b.waitStart, b.waitWidth]).toEqual([0.2, 0.2]);
    expect(c.start).toBeNull();
    expect(line.ticks.map(tick => tick.seconds)).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('lets a running step grow up to now', () => {
    const now = new Date('2026-11-22T00:00:04Z');
    const line = layTimeline(
      {
        created: '2026-11-22T00:00:00Z',
        started: '2026-11-22T00:00:00Z',
        ended: null,
        steps: [step('a', '00', null)]
      },
      now
    );
    expect(line.bars[0].seconds).toBe(4);
    expect(line.bars[0].width).toBe(1);
  });

  it('bears a run without steps or times', () => {
    const line = layTimeline({
      created: null,
      started: null,
      ended: null,
      steps: []
    });
    expect(line.bars).toEqual([]);
    expect(line.ticks.length).toBeGreaterThan(0);
  });
});

describe('tickStep', () => {
  it('takes round steps', () => {
    expect(tickStep(0.5)).toBe(0.1);
    expect(tickStep(11)).toBe(2);
    expect(tickStep(3000)).toBe(600);
    expect(tickStep(86_400 * 30)).toBe(86_400 * 5);
  });
});
