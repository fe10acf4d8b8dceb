/**
 * What the status bar says. Never the word "idle": tools look for it there to
 * see whether a kernel is at rest. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { isActive } from '../model/changes';
import type { IWorkspace } from '../tokens';

export interface IStatusText {
  text: string;
  title: string;
  bad: boolean;
}

export function statusText(
  workspace: Pick<IWorkspace, 'runs' | 'health' | 'error'>,
  trans: TranslationBundle
): IStatusText {
  const { runs, health, error } = workspace;
  if (error) {
    return { text: trans.__('Mage: no answer'), title: error, bad: true };
  }
  const active = runs.filter(run => isActive(run.state));
  const running = active.filter(run => run.state !== 'queued').length;
  const queued = active.length - running;
  const parts: string[] = [];
  if (running) {
    parts.push(trans.__('%1 running', running));
  }
  if (queued) {
    parts.push(trans.__('%1 queued', queued));
  }
  const stopped =
    health !== null && !['running', 'starting'].includes(health.scheduler);
  if (stopped) {
    parts.push(trans.__('schedules do not fire'));
  }
  const title = stopped
    ? (health.scheduler_message ?? trans.__('The scheduler is not running.'))
    : active.length
      ? active.map(run => run.pipeline).join(', ')
      : trans.__('No pipeline is running. Schedules fire.');
  return {
    text: trans.__('Mage: %1', parts.join(', ') || trans.__('ready')),
    title,
    bad: stopped
  };
}
