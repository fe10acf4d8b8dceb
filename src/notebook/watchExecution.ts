import { CodeCell } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { NotebookActions } from '@jupyterlab/notebook';

import { blockOfCell } from '../model/cells';
import type { PipelineDocuments } from '../model/documents';
import { answers, execute, isEmpty, restore, settle } from '../model/execution';
import type { PipelineDocument } from '../model/pipelineDocument';

/**
 * Follow cells that JupyterLab's own commands run (Shift Enter, Run All …).
 *
 * Two kinds it takes and does not send: cells that are run before the kernel is
 * there, and empty ones. Blocks among them are run by us, in their order.
 */
export function watchExecution(documents: PipelineDocuments): void {
  const before = new WeakMap<CodeCell, IOutput[]>();
  const early = new WeakSet<CodeCell>();
  let turn: Promise<unknown> = Promise.resolve();
  const of = (notebook: unknown): PipelineDocument | undefined =>
    documents.all.find(document => document.panel.content === notebook);
  NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
    const block = blockOfCell(cell);
    const document = of(notebook);
    if (block && document && cell instanceof CodeCell) {
      before.set(cell, cell.model.outputs.toJSON());
      document.states.queued(block.uuid);
      if (!document.panel.sessionContext.session?.kernel) {
        early.add(cell);
      }
    }
  });
  NotebookActions.executed.connect((_, { notebook, cell, success, error }) => {
    const block = blockOfCell(cell);
    const document = of(notebook);
    if (!block || !document || !(cell instanceof CodeCell)) {
      return;
    }
    const outcome = success ? 'ok' : error?.errorName ? 'error' : 'aborted';
    const shown = before.get(cell);
    const unsent = early.delete(cell) || (isEmpty(cell) && answers(block));
    if (unsent && outcome !== 'aborted') {
      turn = turn
        .then(() => execute(document, [block.uuid], {}))
        .catch(() => document.states.unqueued(block.uuid));
      return;
    }
    if (outcome === 'aborted' && shown) {
      restore(cell, shown);
    }
    settle(document, block, outcome);
  });
}
