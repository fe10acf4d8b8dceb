import { describe, expect, it } from 'vitest';

import { ApiError } from '../api/request';
import type { IRun, IRunSummary } from '../api/types';
import type { IChange } from './changes';
import {
  isGap,
  markStale,
  mergeRuns,
  nothingStale,
  summarise
} from './changes';
import { Workspace } from './workspace';

function summary(id: string, state: IRunSummary['state']): IRunSummary {
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
    steps_total: 0,
    steps_done: 0,
    usual: null
  };
}

function change(seq: number, more: Partial<IChange>): IChange {
  return { seq, kind: 'run', project: 'penguins', ...more };
}

describe('markStale', () => {
  it('fetches a step’s run alone', () => {
    const stale = nothingStale();
    markStale(stale, change(1, { kind: 'step', run: 'r', block: 'b' }));
    expect([...stale.runs]).toEqual(['r']);
    expect(stale.pipelines.size).toBe(0);
    expect(stale.triggers).toBe(false);
  });

  it('fetches triggers only when a run has ended', () => {
    const stale = nothingStale();
    markStale(stale, change(1, { run: 'r', state: 'running' }));
    expect(stale.triggers).toBe(false);
    markStale(stale, change(2, { run: 'r', state: 'completed' }));
    expect(stale.triggers).toBe(true);
    expect([...stale.pipelines]).toEqual(['penguins']);
  });

  it('fetches nothing for a product and everything for a project', () => {
    const stale = nothingStale();
    markStale(stale, change(1, { kind: 'product' }));
    expect(stale).toEqual(nothingStale());
    markStale(stale, change(2, { kind: 'project', project: null }));
    expect(stale.all).toBe(true);
  });
});

describe('isGap', () => {
  it('sees missed events and a server that started anew', () => {
    expect(isGap(null, 7)).toBe(false);
    expect(isGap(7, 8)).toBe(false);
    expect(isGap(7, 9)).toBe(true);
    expect(isGap(7, 1)).toBe(true);
  });
});

describe('mergeRuns', () => {
  it('replaces, orders by age and keeps every active run', () => {
    const merged = mergeRuns(
      [summary('1', 'running'), summary('3', 'completed')],
      [summary('2', 'completed'), summary('3', 'failed')],
      1
    );
    expect(merged.map(run => [run.id, run.state])).toEqual([
      ['3', 'failed'],
      ['1', 'running']
    ]);
  });

  it('lets a new run inherit what is usual for its pipeline', () => {
    const old = { ...summary('1', 'completed'), usual: 9 };
    expect(mergeRuns([old], [summary('2', 'running')])[0].usual).toBe(9);
  });
});

/** Stands for the server: answers from a table and notes what was asked. */
class Server {
  runs: IRunSummary[] = [summary('1', 'completed')];
  asked: string[] = [];
  broken = false;

  fetch = async <T>(
    path: readonly string[],
    query: Record<string, string | number> = {}
  ): Promise<T> => {
    const name = path.join('/');
    this.asked.push(query.state ? `${name}?${query.state}` : name);
    if (this.broken) {
      throw new ApiError('The server is ill.', 500, null, null);
    }
    return this.answer(name, query) as T;
  };

  private answer(
    name: string,
    query: Record<string, string | number>
  ): unknown {
    if (name === 'health') {
      return { scheduler: 'running' };
    }
    if (name === 'projects') {
      return { items: [{ slug: 'penguins' }], next: null };
    }
    if (name === 'projects/penguins/pipelines') {
      return query.cursor
        ? { items: [{ project: 'penguins', id: 'b' }], next: null }
        : { items: [{ project: 'penguins', id: 'a' }], next: 'more' };
    }
    if (name === 'runs') {
      const state = query.state;
      const items = this.runs.filter(run => !state || run.state === state);
      return { items, next: null };
    }
    const found = this.runs.find(run => `runs/${run.id}` === name);
    if (name.startsWith('runs/') && !found) {
      throw new ApiError('No such run.', 404, null, null);
    }
    return found ? { ...found, steps: [] } : { items: [], next: null };
  }
}

async function settled(workspace: Workspace): Promise<void> {
  await new Promise<void>(resolve => {
    const done = (): void => {
      workspace.changed.disconnect(done);
      resolve();
    };
    workspace.changed.connect(done);
  });
}

describe('Workspace', () => {
  it('fetches everything, page by page', async () => {
    const workspace = new Workspace(new Server().fetch, 0);
    await workspace.ready;
    expect(workspace.pipelines.map(item => item.id)).toEqual(['a', 'b']);
    expect(workspace.runs.map(run => run.id)).toEqual(['1']);
    expect(workspace.health?.scheduler).toBe('running');
    expect(workspace.error).toBeNull();
  });

  it('fetches one run for many events of it', async () => {
    const server = new Server();
    const workspace = new Workspace(server.fetch, 0);
    await workspace.ready;
    server.asked = [];
    server.runs.push(summary('2', 'running'));
    const changed: string[] = [];
    workspace.runChanged.connect((_, id) => changed.push(id));
    const done = settled(workspace);
    for (const seq of [1, 2, 3]) {
      workspace.handle(change(seq, { kind: 'step', run: '2', block: 'b' }));
    }
    await done;
    expect(server.asked).toEqual(['runs/2']);
    expect(workspace.runs[0].state).toBe('running');
    expect(changed).toEqual(['2']);
  });

  it('forgets a run that was deleted', async () => {
    const server = new Server();
    const workspace = new Workspace(server.fetch, 0);
    await workspace.ready;
    server.runs = [];
    const done = settled(workspace);
    workspace.handle(change(1, { kind: 'step', run: '1' }));
    await done;
    expect(workspace.runs).toEqual([]);
    expect(workspace.error).toBeNull();
  });

  it('fetches everything after a gap', async () => {
    const server = new Server();
    const workspace = new Workspace(server.fetch, 0);
    await workspace.ready;
    workspace.handle(change(1, { kind: 'product' }));
    await settled(workspace);
    server.asked = [];
    const done = settled(workspace);
    workspace.handle(change(5, { kind: 'product' }));
    await done;
    expect(server.asked).toContain('health');
    expect(server.asked).toContain('runs?running');
  });

  it('asks how much is stored when a kernel stored something', async () => {
    const server = new Server();
    const workspace = new Workspace(server.fetch, 0);
    await workspace.ready;
    server.asked = [];
    const done = settled(workspace);
    workspace.noteStored();
    workspace.noteStored();
    await done;
    expect(server.asked).toEqual(['health']);
  });

  it('says that it cannot hear the server until it can again', async () => {
    const workspace = new Workspace(new Server().fetch, 0);
    await workspace.ready;
    workspace.lose('gone');
    expect(workspace.error).toBe('gone');
    expect(workspace.runs.length).toBe(1);
    await workspace.refresh();
    expect(workspace.error).toBeNull();
  });

  it('says what went wrong, and nothing when it works again', async () => {
    const server = new Server();
    server.broken = true;
    const workspace = new Workspace(server.fetch, 0);
    await workspace.ready;
    expect(workspace.error).toBe('The server is ill.');
    server.broken = false;
    await workspace.refresh();
    expect(workspace.error).toBeNull();
  });
});

describe('summarise', () => {
  it('counts the steps that are over', () => {
    const run = {
      ...summary('1', 'failed'),
      steps: ['completed', 'failed', 'upstream_failed', 'queued'].map(
        state => ({ state })
      )
    } as unknown as IRun;
    const short = summarise(run);
    expect([short.steps_done, short.steps_total]).toEqual([3, 4]);
  });
});
