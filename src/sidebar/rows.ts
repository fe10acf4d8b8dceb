/**
 * What the sidebar shows, as a flat list of tree rows. Pure.
 */
import type {
  IPipelineSummary,
  IProblem,
  IProject,
  IRunSummary,
  ITrigger
} from '../api/types';
import { isActive } from '../model/changes';
import { pipelineName } from '../model/pipelineName';

interface IRowBase {
  /** Unique and stable. */
  id: string;
  /** 1 is the outermost. */
  level: number;
  label: string;
}

export interface IProjectRow extends IRowBase {
  kind: 'project';
  expanded: boolean;
  project: IProject;
  pipelines: number;
}

export interface IPipelineRow extends IRowBase {
  kind: 'pipeline';
  pipeline: IPipelineSummary;
  /** The run that is active now, if any. */
  active: IRunSummary | null;
}

export interface IProblemRow extends IRowBase {
  kind: 'problem';
  project: string;
  pipeline: string | null;
  problem: IProblem;
}

export interface IEmptyRow extends IRowBase {
  kind: 'empty';
  project: string;
}

export interface ISectionRow extends IRowBase {
  kind: 'section';
  section: 'triggers' | 'running' | 'recent';
  expanded: boolean;
  count: number;
}

export interface ITriggerRow extends IRowBase {
  kind: 'trigger';
  trigger: ITrigger;
}

export interface IRunRow extends IRowBase {
  kind: 'run';
  run: IRunSummary;
}

/** A row that leads on: all runs, a new trigger. */
export interface ILinkRow extends IRowBase {
  kind: 'link';
  to: 'runs' | 'new-trigger';
}

export type Row =
  | IProjectRow
  | IPipelineRow
  | IProblemRow
  | IEmptyRow
  | ISectionRow
  | ITriggerRow
  | IRunRow
  | ILinkRow;

export interface ISidebarData {
  projects: readonly IProject[];
  pipelines: readonly IPipelineSummary[];
  triggers: readonly ITrigger[];
  runs: readonly IRunSummary[];
}

export interface IRowOptions {
  filter: string;
  /** Ids of rows that were folded. */
  folded: ReadonlySet<string>;
  /** How many ended runs are listed. */
  recent: number;
}

/** Whether a row can be unfolded. */
export function isExpandable(row: Row): row is IProjectRow | ISectionRow {
  return row.kind === 'project' || row.kind === 'section';
}

/** Every word of the filter must be found in one of the texts. */
export function matches(
  filter: string,
  ...texts: (string | null | undefined)[]
): boolean {
  const hay = texts.filter(Boolean).join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every(word => hay.includes(word));
}

function projectRows(data: ISidebarData, options: IRowOptions): Row[] {
  const { filter, folded } = options;
  const rows: Row[] = [];
  const active = new Map<string, IRunSummary>();
  for (const run of data.runs) {
    const key = `${run.project}/${run.pipeline}`;
    if (isActive(run.state) && !active.has(key)) {
      active.set(key, run);
    }
  }
  for (const project of data.projects) {
    const own = data.pipelines
      .filter(item => item.project === project.slug)
      // As people count: 2 before 10.
      .sort((one, other) =>
        one.name.localeCompare(other.name, undefined, { numeric: true })
      );
    const whole = matches(filter, project.name, project.id);
    const found = own.filter(
      item => whole || matches(filter, item.name, item.id, ...item.tags)
    );
    if (filter && !whole && !found.length) {
      continue;
    }
    const id = `project:${project.slug}`;
    const expanded = filter !== '' || !folded.has(id);
    rows.push({
      kind: 'project',
      id,
      level: 1,
      label: project.name || project.id,
      expanded,
      project,
      pipelines: own.length
    });
    if (!expanded) {
      continue;
    }
    if (!own.length) {
      rows.push({
        kind: 'empty',
        id: `empty:${project.slug}`,
        level: 2,
        label: '',
        project: project.slug
      });
    }
    for (const pipeline of found) {
      const path = `${pipeline.project}/${pipeline.id}`;
      rows.push({
        kind: 'pipeline',
        id: `pipeline:${path}`,
        level: 2,
        label: pipeline.name || pipeline.id,
        pipeline,
        active: active.get(path) ?? null
      });
      if (pipeline.problem && pipeline.problem.severity === 'error') {
        rows.push({
          kind: 'problem',
          id: `problem:${path}`,
          level: 3,
          label: pipeline.problem.message,
          project: pipeline.project,
          pipeline: pipeline.id,
          problem: pipeline.problem
        });
      }
    }
  }
  return rows;
}

function section(
  name: ISectionRow['section'],
  label: string,
  children: Row[],
  options: IRowOptions,
  count = children.length
): Row[] {
  const id = `section:${name}`;
  const expanded = options.filter !== '' || !options.folded.has(id);
  const head: ISectionRow = {
    kind: 'section',
    id,
    level: 1,
    label,
    section: name,
    expanded,
    count
  };
  return expanded ? [head, ...children] : [head];
}

export interface ISectionNames {
  triggers: string;
  running: string;
  recent: string;
  allRuns: string;
  newTrigger: string;
}

/** All rows, in order. */
export function buildRows(
  data: ISidebarData,
  options: IRowOptions,
  names: ISectionNames
): Row[] {
  const { filter } = options;
  const triggers = data.triggers
    .filter(item => matches(filter, item.name, item.pipeline))
    .map<Row>(trigger => ({
      kind: 'trigger',
      id: `trigger:${trigger.id}`,
      level: 2,
      label: trigger.name,
      trigger
    }));
  const triggerCount = triggers.length;
  if (!data.triggers.length && data.pipelines.length && !filter) {
    triggers.push({
      kind: 'link',
      to: 'new-trigger',
      id: 'new-trigger',
      level: 2,
      label: names.newTrigger
    });
  }
  const toRow =
    (prefix: string) =>
    (run: IRunSummary): Row => ({
      kind: 'run',
      id: `${prefix}:${run.id}`,
      level: 2,
      label: pipelineName(data, run.project, run.pipeline),
      run
    });
  const runs = data.runs.filter(run =>
    matches(filter, run.pipeline, run.trigger_name)
  );
  const running = runs.filter(run => isActive(run.state)).map(toRow('running'));
  const ended = runs.filter(run => !isActive(run.state));
  const recent = ended.slice(0, options.recent).map(toRow('recent'));
  if (data.runs.length) {
    recent.push({
      kind: 'link',
      to: 'runs',
      id: 'all-runs',
      level: 2,
      label: names.allRuns
    });
  }
  return [
    ...projectRows(data, options),
    ...section('triggers', names.triggers, triggers, options, triggerCount),
    ...section('running', names.running, running, options),
    ...section('recent', names.recent, recent, options, ended.length)
  ];
}

/** The row that `key` moves to from `current`, or null for none. */
export function move(
  rows: readonly Row[],
  current: number,
  key: string
): number | null {
  const stops = (index: number): boolean => rows[index]?.kind !== 'empty';
  const step = (from: number, by: number): number | null => {
    for (let at = from + by; at >= 0 && at < rows.length; at += by) {
      if (stops(at)) {
        return at;
      }
    }
    return null;
  };
  switch (key) {
    case 'ArrowDown':
      return step(current, 1);
    case 'ArrowUp':
      return step(current, -1);
    case 'Home':
      return step(-1, 1);
    case 'End':
      return step(rows.length, -1);
    case 'ArrowLeft': {
      const level = rows[current]?.level ?? 1;
      for (let at = current - 1; at >= 0; at--) {
        if (rows[at].level < level) {
          return at;
        }
      }
      return null;
    }
    case 'ArrowRight':
      return (rows[current + 1]?.level ?? 0) > (rows[current]?.level ?? 1) &&
        stops(current + 1)
        ? current + 1
        : null;
    default:
      return null;
  }
}
