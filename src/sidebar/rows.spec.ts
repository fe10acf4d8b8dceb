import { describe, expect, it } from 'vitest';

import type {
  IPipelineSummary,
  IProject,
  IRunSummary,
  ITrigger
} from '../api/types';
import type { ISidebarData } from './rows';
import { buildRows, matches, move } from './rows';

const names = {
  triggers: 'Triggers',
  running: 'Running now',
  recent: 'Recent runs',
  allRuns: 'All runs…',
  newTrigger: 'Run one on a schedule…'
};

function project(slug: string): IProject {
  return {
    slug,
    id: slug,
    name: slug,
    path: slug,
    pipelines: 0,
    problems: []
  };
}

function pipeline(
  owner: string,
  id: string,
  more: Partial<IPipelineSummary> = {}
): IPipelineSummary {
  return {
    project: owner,
    slug: id,
    id,
    name: id,
    type: 'python',
    path: `${owner}/${id}.ipynb`,
    blocks: 1,
    tags: [],
    description: null,
    state: null,
    last_run: null,
    last_run_at: null,
    next_fire: null,
    problem: null,
    ...more
  };
}

function run(id: string, state: IRunSummary['state']): IRunSummary {
  return {
    id,
    project: 'penguins',
    pipeline: 'etl',
    state,
    kind: 'manual',
    trigger: null,
    trigger_name: null,
    fire_time: null,
    created: `2026-11-22T00:00:0${id}Z`,
    started: null,
    ended: null,
    error: null,
    steps_total: 1,
    steps_done: 0,
    usual: null
  };
}

const data: ISidebarData = {
  projects: [project('penguins'), project('empty')],
  pipelines: [
    pipeline('penguins', 'etl', { tags: ['nightly'] }),
    pipeline('penguins', 'broken', {
      problem: {
        severity: 'error',
        message: 'line 4: not YAML',
        pipeline: 'broken',
        block: null,
        file: 'pipelines/broken/metadata.yaml',
        line: 4
      }
    })
  ],
  triggers: [{ id: 't', name: 'daily', pipeline: 'etl' } as ITrigger],
  runs: [run('3', 'running'), run('2', 'failed'), run('1', 'completed')]
};

const open = { filter: '', folded: new Set<string>(), recent: 10 };
const kinds = (rows: { id: string }[]): string[] => rows.map(row => row.id);

describe('buildRows', () => {
  it('lists projects, pipelines with their problems, triggers and runs', () => {
    expect(kinds(buildRows(data, open, names))).toEqual([
      'project:penguins',
      'pipeline:penguins/broken',
      'problem:penguins/broken',
      'pipeline:penguins/etl',
      'project:empty',
      'empty:empty',
      'section:triggers',
      'trigger:t',
      'section:running',
      'running:3',
      'section:recent',
      'recent:2',
      'recent:1',
      'all-runs'
    ]);
  });

  it('lists pipelines as people count', () => {
    const pipelines = ['step 10', 'step 2', 'Step 1'].map(name =>
      pipeline('penguins', name)
    );
    const rows = buildRows({ ...data, pipelines }, open, names);
    expect(
      rows.filter(row => row.kind === 'pipeline').map(row => row.label)
    ).toEqual(['Step 1', 'step 2', 'step 10']);
  });

  it('offers a trigger while there is none', () => {
    const rows = buildRows({ ...data, triggers: [] }, open, names);
    const head = rows.find(row => row.id === 'section:triggers');
    expect(head?.kind === 'section' && head.count).toBe(0);
    expect(kinds(rows)).toContain('new-trigger');
  });

  it('knows which pipeline runs now', () => {
    const row = buildRows(data, open, names).find(
      item => item.id === 'pipeline:penguins/etl'
    );
    expect(row?.kind === 'pipeline' && row.active?.id).toBe('3');
  });

  it('leaves out what is folded', () => {
    const folded = new Set(['project:penguins', 'section:recent']);
    const ids = kinds(buildRows(data, { ...open, folded }, names));
    expect(ids).not.toContain('pipeline:penguins/etl');
    expect(ids).not.toContain('recent:2');
    expect(ids).toContain('section:recent');
  });

  it('filters by name and tag, unfolding what was folded', () => {
    const folded = new Set(['project:penguins']);
    const ids = kinds(
      buildRows(data, { ...open, folded, filter: 'night' }, names)
    );
    expect(ids).toContain('pipeline:penguins/etl');
    expect(ids).not.toContain('pipeline:penguins/broken');
    expect(ids).not.toContain('project:empty');
    expect(ids).not.toContain('trigger:t');
  });
});

describe('matches', () => {
  it('wants every word', () => {
    expect(matches('ETL peng', 'etl_penguins')).toBe(true);
    expect(matches('etl cats', 'etl_penguins')).toBe(false);
    expect(matches('', null)).toBe(true);
  });
});

describe('move', () => {
  const rows = buildRows(data, open, names);

  it('walks past what cannot be chosen', () => {
    expect(rows[move(rows, 4, 'ArrowDown') ?? 0].id).toBe('section:triggers');
    expect(rows[move(rows, 6, 'ArrowUp') ?? 0].id).toBe('project:empty');
    expect(move(rows, 0, 'ArrowUp')).toBeNull();
  });

  it('goes to the parent and to the first child', () => {
    expect(move(rows, 3, 'ArrowLeft')).toBe(0);
    expect(move(rows, 0, 'ArrowRight')).toBe(1);
    expect(move(rows, 3, 'ArrowRight')).toBeNull();
    expect(move(rows, 4, 'ArrowRight')).toBeNull();
  });

  it('goes to the ends', () => {
    expect(move(rows, 5, 'Home')).toBe(0);
    expect(move(rows, 0, 'End')).toBe(rows.length - 1);
  });
});
