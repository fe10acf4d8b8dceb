/**
 * Blocks that run once for each item: their children are shown with them, not
 * each by itself; there may be a thousand. Pure.
 */
import type { IStep } from '../api/types';
import { STEP_DONE } from '../model/changes';
import { endedBadly } from '../ui/state';

/** So many children of an opened block are shown at once. */
export const MOST_CHILDREN = 100;
/** So many logs are read at once. */
export const MOST_LOGS = 20;

export interface IFolded {
  steps: IStep[];
  /** Children of the opened block that are not shown. */
  hidden: number;
}

/** The steps that are no child of another one. */
export function topSteps(steps: readonly IStep[]): IStep[] {
  return steps.filter(step => !step.group);
}

/** The children of a block: those that went wrong first, else in their order. */
export function childrenOf(
  steps: readonly IStep[],
  block: string | null
): IStep[] {
  const found = steps.filter(step => block !== null && step.group === block);
  return [
    ...found.filter(step => endedBadly(step.state)),
    ...found.filter(step => !endedBadly(step.state))
  ];
}

/** How many children a block has, and how many of them have ended. */
export function childCount(
  steps: readonly IStep[],
  block: string
): { total: number; ended: number; failed: number } {
  const found = steps.filter(step => step.group === block);
  return {
    total: found.length,
    ended: found.filter(step => STEP_DONE.has(step.state)).length,
    failed: found.filter(step => step.state === 'failed').length
  };
}

/** The block whose children are shown: the selected one, or the one it is a child of. */
export function openGroup(
  steps: readonly IStep[],
  selected: string | null
): string | null {
  const found = steps.find(step => step.block === selected);
  if (!found) {
    return null;
  }
  return (
    found.group ??
    (steps.some(step => step.group === selected) ? selected : null)
  );
}

/** All steps but children; those of the opened block follow it. */
export function fold(
  steps: readonly IStep[],
  selected: string | null
): IFolded {
  const open = openGroup(steps, selected);
  const children = childrenOf(steps, open);
  const shown = children.slice(0, MOST_CHILDREN);
  const chosen = children.find(step => step.block === selected);
  if (chosen && !shown.includes(chosen)) {
    shown.push(chosen);
  }
  return {
    steps: topSteps(steps).flatMap(step =>
      step.block === open ? [step, ...shown] : [step]
    ),
    hidden: children.length - shown.length
  };
}

/** The steps whose logs are read: each log is a request of its own. */
export function loggedSteps(
  steps: readonly IStep[],
  selected: string | null
): IFolded {
  const chosen = steps.filter(step => step.block === selected);
  const children =
    selected === null
      ? steps.filter(step => step.group && step.state === 'failed')
      : childrenOf(steps, selected);
  const shown = children.slice(0, MOST_LOGS);
  return {
    steps: [...(selected === null ? topSteps(steps) : chosen), ...shown],
    hidden: children.length - shown.length
  };
}

/**
 * The one block that a retry begins with. Several have none in common, and of
 * a block with children only those run again that did not complete.
 */
export function retryFrom(steps: readonly IStep[]): IStep | undefined {
  const failed = topSteps(steps).filter(step => step.state === 'failed');
  const [only] = failed;
  return failed.length === 1 && !childCount(steps, only.block).total
    ? only
    : undefined;
}
