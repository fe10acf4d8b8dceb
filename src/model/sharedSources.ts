import type { INotebookModel } from '@jupyterlab/notebook';

import type { IBlockMetadata } from './blockIds';
import { blockOf, type SharedCell } from './cells';

/**
 * Keeps cells alike that show the same file: a block and its replicas.
 *
 * What is typed in one stands in the others at once. It is undone with the cell
 * it was typed in; the others follow.
 */
export class SharedSources {
  constructor(private readonly _model: INotebookModel) {
    _model.sharedModel.changed.connect((_, change) => {
      if (change.cellsChange) {
        this._watch();
      }
    });
    this._watch();
  }

  private _watch(): void {
    for (const cell of this._model.sharedModel.cells) {
      if (!this._watched.has(cell)) {
        this._watched.add(cell);
        cell.changed.connect((_, change) => {
          if (change.sourceChange) {
            // Not inside the change that is being told.
            queueMicrotask(() => this._follow(cell));
          }
        });
      }
    }
  }

  private _follow(cell: SharedCell): void {
    const block = blockOf(cell);
    if (!block || cell.isDisposed) {
      return;
    }
    const source = cell.getSource();
    for (const other of this._model.sharedModel.cells) {
      const twin = other === cell ? null : blockOf(other);
      if (twin && shareFile(block, twin) && other.getSource() !== source) {
        other.transact(() => other.setSource(source), false);
      }
    }
  }

  private readonly _watched = new WeakSet<SharedCell>();
}

/** Whether two blocks run the code of one file; a new replica has no path yet. */
function shareFile(one: IBlockMetadata, two: IBlockMetadata): boolean {
  return (!!one.path && one.path === two.path) || origin(one) === origin(two);
}

function origin(block: IBlockMetadata): string {
  const original = block['replicated_block'];
  return typeof original === 'string' ? original : block.uuid;
}
