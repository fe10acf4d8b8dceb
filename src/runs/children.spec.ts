import { describe, expect, it } from 'vitest';

import type { IStep } from '../api/types';
import {
  childCount,
  fold,
  loggedSteps,
  MOST_CHILDREN,
  MOST_LOGS,
  openGroup,
  retryFrom
} from './children';

function step(block: string, group: string | null, state = 'completed'): IStep {
  return {
    block,
    slug: block,
    name: block,
    type: 'custom',
    language: 'python',
    upstream: [],
    state: state as IStep['state'],
    attempt: 1,
    started: null,
    ended: null,
    error: null,
    outputs: [],
    earlier: [],
    group
  };
}

const MANY = [
  step('src', null),
  step('child', null, 'failed'),
  ...Array.from({ length: 1000 }, (_, at) =>
    step(`child:${at}`, 'child', at === 700 ? 'failed' : 'completed')
  ),
  step('sum', null, 'upstream_failed')
];
const blocks = (steps: IStep[]): string[] => steps.map(item => item.block);

describe('children', () => {
  it('stay folded until their block is selected', () => {
    const folded = fold(MANY, null);
    expect(blocks(folded.steps)).toEqual(['src', 'child', 'sum']);
    expect(folded.hidden).toBe(0);
    expect(openGroup(MANY, 'src')).toBeNull();
  });

  it('follow their block, those that went wrong first, not all of them', () => {
    const { steps, hidden } = fold(MANY, 'child');
    expect(blocks(steps).slice(0, 4)).toEqual([
      'src',
      'child',
      'child:700',
      'child:0'
    ]);
    expect(steps).toHaveLength(3 + MOST_CHILDREN);
    expect(hidden).toBe(1000 - MOST_CHILDREN);
  });

  it('shows the selected one in any case', () => {
    expect(blocks(fold(MANY, 'child:999').steps)).toContain('child:999');
    expect(openGroup(MANY, 'child:999')).toBe('child');
  });

  it('reads few logs at once', () => {
    expect(blocks(loggedSteps(MANY, null).steps)).toEqual([
      'src',
      'child',
      'sum',
      'child:700'
    ]);
    const group = loggedSteps(MANY, 'child');
    expect(group.steps).toHaveLength(1 + MOST_LOGS);
    expect(group.hidden).toBe(1000 - MOST_LOGS);
    expect(blocks(loggedSteps(MANY, 'child:3').steps)).toEqual(['child:3']);
  });

  it('are counted', () => {
    expect(childCount(MANY, 'child')).toEqual({
      total: 1000,
      ended: 1000,
      failed: 1
    });
  });
});

describe('retryFrom', () => {
  it('names the one block that failed', () => {
    const steps = [step('a', null), step('b', null, 'failed')];
    expect(retryFrom(steps)?.block).toBe('b');
  });
  it('names none of several, nor one with children', () => {
    expect(
      retryFrom([step('a', null, 'failed'), step('b', null, 'failed')])
    ).toBeUndefined();
    expect(retryFrom(MANY)).toBeUndefined();
  });
});
