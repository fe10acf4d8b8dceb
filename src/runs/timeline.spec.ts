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
    outputs: [],
    earlier: [],
    group: null
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
    const [first] = a.spans;
    expect([first.start, first.width, first.waitWidth]).toEqual([0, 0.2, 0]);
    const [second] = b.spans;
    expect([second.start, second.width]).toEqual([0.4, 0.6]);
    expect(second.waitStart).toBeCloseTo(0.2);
    expect(second.waitWidth).toBeCloseTo(0.2);
    expect(c.spans).toEqual([]);
    expect(line.cuts).toEqual([]);
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
    expect(line.bars[0].spans[0].width).toBe(1);
  });

  it('shows every attempt, and cuts out the hours before a retry', () => {
    const again = {
      ...step('b', '06', '08', ['a']),
      attempt: 2,
      started: '2026-11-22T05:00:02Z',
      ended: '2026-11-22T05:00:04Z',
      earlier: [
        {
          attempt: 1,
          state: 'failed' as const,
          started: '2026-11-22T00:00:02Z',
          ended: '2026-11-22T00:00:06Z',
          error: 'no'
        }
      ]
    };
    const line = layTimeline({
      created: '2026-11-22T00:00:00Z',
      started: '2026-11-22T05:00:00Z',
      ended: '2026-11-22T05:00:04Z',
      steps: [step('a', '00', '02'), again]
    });
    const [, b] = line.bars;
    expect(b.spans.map(span => [span.attempt, span.state])).toEqual([
      [1, 'failed'],
      [2, 'completed']
    ]);
    expect(b.seconds).toBe(2);
    expect(line.cuts).toHaveLength(1);
    expect(line.cuts[0].seconds).toBeGreaterThan(4 * 3600);
    // Ten seconds of work and waiting fill the width, not five hours of nothing.
    expect(line.seconds).toBeLessThan(12);
    expect(b.spans[1].start).toBeGreaterThan(b.spans[0].start);
    expect(b.spans[1].start + b.spans[1].width).toBeCloseTo(1);
    // It waited for a worker since the retry, not since the first attempt.
    expect(b.spans[1].waitWidth * line.seconds).toBeCloseTo(2);
    expect(line.ticks).toEqual([]);
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
