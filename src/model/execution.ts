import type { ISessionContext } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import type { KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import type { DbtTask } from '../tokens';
import { blockLook } from '../ui/blockTypes';
import type { IBlockMetadata } from './blockIds';
import { BLOCK_KEY } from './cells';
import type { PipelineDocument } from './pipelineDocument';

/** Options of one execution, as the kernel side reads them (`metadata.mage.options`). */
export interface IExecuteOptions {
  tests?: 'run' | 'only' | 'skip';
  variables?: Record<string, unknown>;
  execution_date?: string;
  dbt?: DbtTask;
}

/** Types whose code is run as a block and answers with `mage_step`. */
export function answers(block: IBlockMetadata): boolean {
  return blockLook(block.type).known && !/scratchpad|markdown/.test(block.type);
}

/**
 * Execute blocks one after the other; the first failure stops the rest.
 *
 * All requests are sent at once, so the kernel goes on when the page is closed
 * in mid-run; it aborts what is queued when one fails.
 */
export async function execute(
  document: PipelineDocument,
  ids: readonly string[],
  options: IExecuteOptions
): Promise<void> {
  const session = document.panel.sessionContext;
  await document.steps.ready();
  if (!session.session?.kernel) {
    throw new Error(document.words.noKernel);
  }
  const runs: Promise<void>[] = [];
  for (const id of ids) {
    const cell = document.widget(id);
    const block = document.metadata(id);
    if (!(cell instanceof CodeCell) || !block) {
      continue;
    }
    if (isEmpty(cell) && !answers(block)) {
      continue;
    }
    document.states.queued(id);
    const before = cell.model.outputs.toJSON();
    const metadata: JSONObject = {
      [BLOCK_KEY]: {
        ...block,
        options
      } as unknown as JSONObject,
      deletedCells: document.panel.content.model?.deletedCells ?? [],
      recordTiming: false
    };
    runs.push(
      send(cell, session, metadata).then(
        reply => {
          const status = reply?.content.status as string | undefined;
          if (status === 'aborted') {
            restore(cell, before);
          }
          settle(
            document,
            block,
            status === 'ok' || status === 'error' ? status : 'aborted'
          );
        },
        () => document.states.unqueued(id)
      )
    );
  }
  await Promise.all(runs);
}

export function isEmpty(cell: CodeCell): boolean {
  return !cell.model.sharedModel.getSource().trim();
}

/** Execute a cell as JupyterLab does, which does not send what is empty: a block says what it lacks. */
async function send(
  cell: CodeCell,
  session: ISessionContext,
  metadata: JSONObject
): Promise<KernelMessage.IExecuteReplyMsg | void> {
  const kernel = session.session?.kernel;
  if (!isEmpty(cell) || !kernel) {
    return CodeCell.execute(cell, session, metadata);
  }
  const { model } = cell;
  model.sharedModel.transact(() => model.clearExecution(), false);
  cell.outputHidden = false;
  model.executionState = 'running';
  model.trusted = true;
  try {
    const future = kernel.requestExecute(
      { code: '', stop_on_error: true, store_history: true, allow_stdin: true },
      false,
      { ...model.metadata, ...metadata, cellId: model.sharedModel.getId() }
    );
    cell.outputArea.future = future;
    const reply = await future.done;
    model.executionCount = reply.content.execution_count;
    return reply;
  } finally {
    model.executionState = 'idle';
  }
}

/** The cell did not run: what it showed before is still true. */
export function restore(cell: CodeCell, outputs: readonly IOutput[]): void {
  if (!cell.isDisposed) {
    cell.model.executionState = 'idle';
    cell.model.executionCount = null;
    cell.model.outputs.fromJSON([...outputs]);
  }
}

/** How a request ended, as its reply says. */
export type Outcome = 'ok' | 'error' | 'aborted';

/** After the reply: a block that never said it finished was not run as one. */
export function settle(
  document: PipelineDocument,
  block: IBlockMetadata,
  outcome: Outcome
): void {
  const { state } = document.states.status(block.uuid);
  if (state !== 'queued' && state !== 'running') {
    return;
  }
  if (outcome === 'aborted' || !answers(block)) {
    document.states.unqueued(block.uuid);
    return;
  }
  document.states.notRun(block.uuid, document.words.unprepared);
  document.steps.inject();
}
