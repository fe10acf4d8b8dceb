import type { INotebookModel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { BLOCK_KEY, type SharedCell } from './cells';

/** What of a pipeline notebook changed. */
export type ChangeKind = 'source' | 'structure';

/**
 * Tells edits from outputs.
 *
 * What is saved of a pipeline are sources, structure and settings; a run, a
 * folded output or the kernel's self-description makes nothing dirty.
 */
export class ChangeGate implements IDisposable {
  constructor(private readonly _model: INotebookModel) {
    const shared = _model.sharedModel;
    this._guard(shared);
    // Through JupyterLab 4.5 the model has a mark of its own.
    this._guard(_model);
    shared.changed.connect((_, change) => {
      if (change.cellsChange) {
        this._watch();
        this._edit('structure');
      }
    });
    shared.metadataChanged.connect((_, change) => {
      if (change.key === BLOCK_KEY || otherKernel(change)) {
        this._edit('structure');
      }
    });
    this._watch();
  }

  get changed(): ISignal<this, ChangeKind> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Whether something that is saved differs from what was saved. */
  get edited(): boolean {
    return this._edited;
  }

  /** Do `work` without making the notebook dirty or undoable. */
  quietly(work: () => void): void {
    this._quiet += 1;
    try {
      this._model.sharedModel.transact(work, false);
    } finally {
      this._quiet -= 1;
    }
  }

  private _edit(kind: ChangeKind): void {
    if (this._quiet === 0) {
      this._edited = true;
      // Inside a transaction the notebook was marked before this was heard.
      this._model.dirty = true;
    }
    this._changed.emit(kind);
  }

  private _watch(): void {
    for (const cell of this._model.sharedModel.cells) {
      if (!this._watched.has(cell)) {
        this._watched.add(cell);
        cell.changed.connect(this._onCellChanged, this);
      }
    }
  }

  private _onCellChanged(
    _: SharedCell,
    change: { sourceChange?: unknown; metadataChange?: Map<string, unknown> }
  ): void {
    if (change.sourceChange) {
      this._edit('source');
    }
    if (change.metadataChange?.has(BLOCK_KEY)) {
      this._edit('structure');
    }
  }

  /** Let the notebook become dirty only by an edit. */
  private _guard(marked: object): void {
    const found = inherited(Object.getPrototypeOf(marked), 'dirty');
    if (!found?.get || !found.set) {
      return;
    }
    const { get, set } = found;
    Object.defineProperty(marked, 'dirty', {
      configurable: true,
      get: () => get.call(marked),
      set: (value: boolean) => {
        if (!value) {
          this._edited = false;
        }
        if (!value || this._edited || this._isDisposed) {
          set.call(marked, value);
        }
      }
    });
  }

  private _quiet = 0;
  private _edited = false;
  private _isDisposed = false;
  private readonly _watched = new WeakSet<SharedCell>();
  private readonly _changed = new Signal<this, ChangeKind>(this);
}

/** Whether another kernel was chosen (not: the kernel described itself). */
function otherKernel(change: {
  key: string;
  oldValue?: unknown;
  newValue?: unknown;
}): boolean {
  const name = (value: unknown): unknown =>
    (value as { name?: string } | undefined)?.name;
  return (
    change.key === 'kernelspec' &&
    !!name(change.oldValue) &&
    name(change.oldValue) !== name(change.newValue)
  );
}

function inherited(
  owner: object | null,
  name: string
): PropertyDescriptor | undefined {
  for (let at = owner; at; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) {
      return found;
    }
  }
  return undefined;
}
