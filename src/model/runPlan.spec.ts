import { describe, expect, it } from 'vitest';

import { runPlan, type IPlanned } from './runPlan';

function block(
  id: string,
  type: string,
  upstream: string[] = [],
  stale = false
): IPlanned {
  const role = type === 'chart' ? 'chart' : 'block';
  return { id, type, role, upstream, stale, runnable: true };
}

const blocks = [
  block('chart', 'chart', ['load']),
  block('export', 'data_exporter', ['clean']),
  block('clean', 'transformer', ['load'], true),
  block('draft', 'scratchpad', [], true),
  block('load', 'data_loader'),
  block('side', 'transformer', ['load'])
];

describe('runPlan', () => {
  it('runs all steps in order and charts last', () => {
    expect(runPlan('all', blocks)).toEqual([
      'load',
      'clean',
      'export',
      'side',
      'chart'
    ]);
  });
  it('runs one block alone, a draft too', () => {
    expect(runPlan('block', blocks, 'draft')).toEqual(['draft']);
    expect(runPlan('tests', blocks, 'clean')).toEqual(['clean']);
  });
  it('runs a block with what it depends on', () => {
    expect(runPlan('with-upstream', blocks, 'export')).toEqual([
      'load',
      'clean',
      'export'
    ]);
  });
  it('runs a block and what depends on it', () => {
    expect(runPlan('from-here', blocks, 'clean')).toEqual(['clean', 'export']);
  });
  it('runs what is out of date and all below, no drafts', () => {
    expect(runPlan('stale', blocks)).toEqual(['clean', 'export']);
  });
  it('leaves out what cannot run', () => {
    const unknown = { ...block('odd', 'martian', ['load']), runnable: false };
    expect(runPlan('all', [...blocks, unknown])).not.toContain('odd');
  });
});
