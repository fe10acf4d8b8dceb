/**
 * What an event of the server means for what the browser knows.
 *
 * Events carry ids and a sequence number, never truth: they say what to fetch
 * again. Everything here is pure.
 */
import type { IRun, IRunSummary } from '../api/types';

/** Schema of the server's change events. */
export const CHANGE_SCHEMA =
  'https://mage-jlab.readthedocs.io/events/change/v1';

export type ChangeKind =
  'run' | 'step' | 'trigger' | 'pipeline' | 'project' | 'product';

export interface IChange {
  seq: number;
  kind: ChangeKind;
  project?: string | null;
  pipeline?: string | null;
  run?: string | null;
  block?: string | null;
  trigger?: string | null;
  state?: string | null;
}

/** What must be fetched again; the names of `runs` and `pipelines` are ids. */
export interface IStale {
  all: boolean;
  projects: boolean;
  triggers: boolean;
  /** How the server fares, and how much it stores. */
  health: boolean;
  /** Slugs of the projects whose pipelines changed. */
  pipelines: Set<string>;
  runs: Set<string>;
}

export const ACTIVE_STATES: ReadonlySet<string> = new Set([
  'queued',
  'running',
  'cancelling'
]);

/** States of a step that will not change without a retry. */
export const STEP_DONE: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'upstream_failed',
  'skipped',
  'cancelled',
  'interrupted'
]);

export function isActive(state: string | null | undefined): boolean {
  return ACTIVE_STATES.has(state ?? '');
}

export function nothingStale(): IStale {
  return {
    all: false,
    projects: false,
    triggers: false,
    health: false,
    pipelines: new Set(),
    runs: new Set()
  };
}

/** The event with this number did not follow the last one: something was missed. */
export function isGap(last: number | null, seq: number): boolean {
  return last !== null && seq !== last + 1;
}

/** Note in `stale` what `change` made untrue. */
export function markStale(stale: IStale, change: IChange): void {
  const pipelines = (): void => {
    if (change.project) {
      stale.pipelines.add(change.project);
    }
  };
  switch (change.kind) {
    case 'run':
      if (change.run) {
        stale.runs.add(change.run);
      }
      pipelines();
      if (!isActive(change.state)) {
        stale.triggers = true;
        stale.health = true;
      }
      break;
    case 'step':
      if (change.run) {
        stale.runs.add(change.run);
      }
      break;
    case 'trigger':
      stale.triggers = true;
      pipelines();
      break;
    case 'pipeline':
      stale.projects = true;
      stale.triggers = true;
      pipelines();
      break;
    case 'project':
      stale.all = true;
      break;
    case 'product':
      break;
  }
}

/** The list entry of a run that was fetched in full. */
export function summarise(run: IRun, before?: IRunSummary): IRunSummary {
  return {
    id: run.id,
    project: run.project,
    pipeline: run.pipeline,
    state: run.state,
    kind: run.kind,
    trigger: run.trigger,
    trigger_name: run.trigger_name,
    fire_time: run.fire_time,
    created: run.created,
    started: run.started,
    ended: run.ended,
    error: run.error,
    steps_total: run.steps.length,
    steps_done: run.steps.filter(step => STEP_DONE.has(step.state)).length,
    usual: before?.usual ?? null,
    late: run.late
  };
}

/** Newest first: by creation, then by id, so that the order is always the same. */
export function compareRuns(a: IRunSummary, b: IRunSummary): number {
  const x = a.created ?? a.started ?? '';
  const y = b.created ?? b.started ?? '';
  return x === y ? b.id.localeCompare(a.id) : y.localeCompare(x);
}

/** `runs` with `fresh` put in or replaced; at most `keep` that have ended. */
export function mergeRuns(
  runs: readonly IRunSummary[],
  fresh: readonly IRunSummary[],
  keep = 200
): IRunSummary[] {
  const byId = new Map(runs.map(run => [run.id, run]));
  const usual = new Map<string, number>();
  for (const run of runs) {
    if (run.usual !== null && !usual.has(run.pipeline)) {
      usual.set(run.pipeline, run.usual);
    }
  }
  for (const run of fresh) {
    byId.set(run.id, {
      ...run,
      usual: run.usual ?? usual.get(run.pipeline) ?? null
    });
  }
  let ended = 0;
  return [...byId.values()]
    .sort(compareRuns)
    .filter(run => isActive(run.state) || ++ended <= keep);
}
