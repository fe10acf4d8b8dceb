import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunSummary } from '../api/types';
import { isActive } from '../model/changes';
import type { IWorkspace } from '../tokens';
import { pipelineName } from '../model/pipelineName';

export interface IToastOptions {
  workspace: IWorkspace;
  trans: TranslationBundle;
  /** Whether failed runs are told at all. */
  isWanted: () => boolean;
  /** Whether the person looks at this run. */
  isSeen: (run: string) => boolean;
  open: (run: string) => void;
}

const BAD: ReadonlySet<string> = new Set(['failed', 'interrupted', 'missed']);

/** What ended before this many milliseconds is history, however it came. */
const OLD = 3_600_000;

/** Runs of another time: history that was taken over. */
function isOld(run: IRunSummary): boolean {
  const last = run.ended ?? run.started ?? run.created;
  return !!last && Date.now() - Date.parse(last) > OLD;
}

/** Tell of runs that fail while nobody looks at them; once each. */
export function watchFailures(options: IToastOptions): void {
  const { workspace, trans } = options;
  const told = new Set<string>();
  let states: Map<string, string> | null = null;

  const tell = (run: IRunSummary): void => {
    const key = `${run.id} ${run.ended ?? ''}`;
    if (told.has(key) || !options.isWanted() || options.isSeen(run.id)) {
      return;
    }
    told.add(key);
    const name = pipelineName(workspace, run.project, run.pipeline);
    const message = run.error
      ? trans.__('“%1” failed: %2', name, run.error)
      : trans.__('“%1” failed.', name);
    Notification.error(message, {
      autoClose: false,
      actions: [
        { label: trans.__('Open run'), callback: () => options.open(run.id) }
      ]
    });
  };

  const compare = (): void => {
    if (states) {
      for (const run of workspace.runs) {
        const before = states.get(run.id);
        // Seen active before, or made since: what failed long ago is no news.
        const news = before === undefined ? !isOld(run) : isActive(before);
        if (news && BAD.has(run.state)) {
          tell(run);
        }
      }
    }
    states = new Map(workspace.runs.map(run => [run.id, run.state]));
  };

  void workspace.ready.then(() => {
    compare();
    workspace.changed.connect(compare);
  });
}
