/**
 * A trigger while it is edited, and what is sent to the server. Pure.
 */
import type { ITrigger } from '../api/types';
import { instantToWall, wallToInstant } from '../ui/time';
import type { IVariableRow } from '../ui/variables';
import { faultsOf, rowsOf, valuesOf } from '../ui/variables';

export interface IDraft {
  project: string;
  pipeline: string;
  name: string;
  kind: string;
  schedule: string;
  zone: string;
  missed: string;
  overlap: string;
  /** Wall time in the zone, `2026-11-23T06:00`; empty for none. */
  start: string;
  variables: IVariableRow[];
  /** How many fields of the pipeline's forms are not right. */
  formFaults?: number;
  saveInCode: boolean;
  enabled: boolean;
}

/** What a new trigger starts with. */
export function newDraft(
  project: string,
  pipeline: string,
  zone: string
): IDraft {
  return {
    project,
    pipeline,
    name: '',
    kind: 'schedule',
    schedule: '0 6 * * *',
    zone,
    missed: 'latest',
    overlap: 'skip',
    start: '',
    variables: [],
    saveInCode: false,
    enabled: true
  };
}

/** The draft that shows a trigger as it is. */
export function draftOf(trigger: ITrigger): IDraft {
  return {
    project: trigger.project,
    pipeline: trigger.pipeline,
    name: trigger.name,
    kind: trigger.kind,
    schedule: trigger.schedule ?? '',
    zone: trigger.zone,
    missed: trigger.missed,
    overlap: trigger.overlap,
    start: trigger.start ? instantToWall(trigger.start, trigger.zone) : '',
    variables: rowsOf(trigger.variables),
    saveInCode: trigger.source === 'file',
    enabled: trigger.enabled
  };
}

/** Mage's own intervals are in UTC, whatever zone is shown. */
export function zoneOf(draft: IDraft): string {
  return draft.schedule.trim().startsWith('@') ? 'UTC' : draft.zone;
}

function fields(draft: IDraft): Record<string, unknown> {
  const common = {
    name: draft.name.trim(),
    enabled: draft.enabled,
    variables: valuesOf(draft.variables),
    overlap: draft.overlap
  };
  return draft.kind === 'schedule'
    ? {
        ...common,
        schedule: draft.schedule.trim(),
        zone: zoneOf(draft),
        missed: draft.missed,
        start: draft.start ? wallToInstant(draft.start, zoneOf(draft)) : null
      }
    : common;
}

/** The body that makes the trigger. */
export function bodyOfNew(draft: IDraft): Record<string, unknown> {
  return {
    project: draft.project,
    pipeline: draft.pipeline,
    kind: draft.kind,
    save_in_code: draft.saveInCode,
    ...fields(draft)
  };
}

/** The body that changes the trigger: only what was changed. */
export function bodyOfChange(
  before: IDraft,
  draft: IDraft
): Record<string, unknown> {
  const old = fields(before);
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields(draft))) {
    if (JSON.stringify(value) !== JSON.stringify(old[key])) {
      body[key] = value;
    }
  }
  if (before.saveInCode !== draft.saveInCode) {
    body.save_in_code = draft.saveInCode;
  }
  return body;
}

export type DraftFault = 'pipeline' | 'name' | 'schedule' | 'variables';

/** What must be put right before it can be saved. */
export function draftFaults(draft: IDraft): Set<DraftFault> {
  const faults = new Set<DraftFault>();
  if (!draft.project || !draft.pipeline) {
    faults.add('pipeline');
  }
  if (!draft.name.trim()) {
    faults.add('name');
  }
  if (draft.kind === 'schedule' && !draft.schedule.trim()) {
    faults.add('schedule');
  }
  if (faultsOf(draft.variables).size || draft.formFaults) {
    faults.add('variables');
  }
  return faults;
}
