import type { INotebookTracker } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IPipelineDocument, IPipelineDocuments } from '../tokens';
import type { PipelineDocument } from './pipelineDocument';

/** The open pipelines, and the one that was used last. */
export class PipelineDocuments implements IPipelineDocuments {
  constructor(private readonly _tracker: INotebookTracker) {
    _tracker.currentChanged.connect(() => this._update());
  }

  get current(): PipelineDocument | null {
    return this._current;
  }

  get currentChanged(): ISignal<this, IPipelineDocument | null> {
    return this._currentChanged;
  }

  get opened(): ISignal<this, IPipelineDocument> {
    return this._opened;
  }

  get all(): readonly PipelineDocument[] {
    return this._all;
  }

  find(path: string): PipelineDocument | undefined {
    return this._all.find(document => document.path === path);
  }

  add(document: PipelineDocument): void {
    this._all.push(document);
    document.disposed.connect(() => {
      this._all = this._all.filter(other => other !== document);
      this._update();
    });
    this._opened.emit(document);
    this._update();
  }

  private _update(): void {
    const panel = this._tracker.currentWidget;
    const current =
      this._all.find(document => document.panel === panel) ?? null;
    if (current !== this._current) {
      this._current = current;
      this._currentChanged.emit(current);
    }
  }

  private _all: PipelineDocument[] = [];
  private _current: PipelineDocument | null = null;
  private readonly _currentChanged = new Signal<this, IPipelineDocument | null>(
    this
  );
  private readonly _opened = new Signal<this, IPipelineDocument>(this);
}
