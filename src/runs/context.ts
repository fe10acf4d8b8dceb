import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IRunSummary } from '../api/types';
import type { IWorkspace } from '../tokens';

/** What the pages of runs need. */
export interface IRunsContext {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
  rendermime: IRenderMimeRegistry;
}

/** Why there was a run: the name of its trigger, or what kind it is. */
export function reasonOf(
  run: Pick<IRunSummary, 'kind' | 'trigger_name'>,
  trans: TranslationBundle
): string {
  if (run.trigger_name) {
    return run.trigger_name;
  }
  switch (run.kind) {
    case 'manual':
      return trans.__('run now');
    case 'schedule':
      return trans.__('schedule');
    case 'api':
      return trans.__('API');
    case 'cli':
      return trans.__('command line');
    case 'backfill':
      return trans.__('backfill');
    default:
      return run.kind;
  }
}
