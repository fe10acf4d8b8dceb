/**
 * Which runs a list shows, and how. Pure.
 */
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IRunSummary } from '../api/types';

export interface IRunFilters {
  project: string;
  pipeline: string;
  state: string;
  trigger: string;
  text: string;
}

export const NO_FILTERS: IRunFilters = {
  project: '',
  pipeline: '',
  state: '',
  trigger: '',
  text: ''
};

/** Filters from the arguments of a command or of a restored page. */
export function filtersFrom(args: ReadonlyPartialJSONObject): IRunFilters {
  const filters = { ...NO_FILTERS };
  for (const key of Object.keys(filters) as (keyof IRunFilters)[]) {
    const value = args[key];
    if (typeof value === 'string') {
      filters[key] = value;
    }
  }
  return filters;
}

/** Whether the list is narrowed at all. */
export function isFiltered(filters: IRunFilters): boolean {
  return Object.values(filters).some(value => value !== '');
}

/** What the server filters by; the text is looked for in what was loaded. */
export function queryOf(filters: IRunFilters): Record<string, string> {
  const query: Record<string, string> = {};
  for (const key of ['project', 'pipeline', 'state', 'trigger'] as const) {
    if (filters[key]) {
      query[key] = filters[key];
    }
  }
  return query;
}

/** Whether a run that was heard of belongs into the list. */
export function accepts(filters: IRunFilters, run: IRunSummary): boolean {
  const { project, pipeline, state, trigger } = filters;
  return (
    (!project || run.project === project) &&
    (!pipeline || run.pipeline === pipeline) &&
    (!state || run.state === state) &&
    (!trigger || run.trigger === trigger)
  );
}

/** Whether the text of the filter is found in a run. */
export function hasText(text: string, run: IRunSummary): boolean {
  const hay = [run.id, run.pipeline, run.trigger_name, run.state, run.error]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every(word => hay.includes(word));
}

/**
 * A duration against the usual one: how much of the bar is filled and where
 * the mark of the usual duration lies (0 to 1); null when nothing is usual.
 */
export function against(
  seconds: number | null,
  usual: number | null
): { filled: number; mark: number; long: boolean } | null {
  if (seconds === null || !usual || usual <= 0) {
    return null;
  }
  const scale = Math.max(seconds, usual * 1.5);
  return {
    filled: Math.min(1, seconds / scale),
    mark: usual / scale,
    // Shorter than a second is noise, however much longer than usual.
    long: seconds > usual * 1.5 && seconds - usual > 1
  };
}
