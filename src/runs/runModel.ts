import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { request } from '../api/request';
import type { IRun } from '../api/types';
import type { IWorkspace } from '../tokens';

const LARGE = 100;
const LARGE_PAUSE_MS = 1000;

/** One run in full, kept true by the workspace's signals. */
export class RunModel {
  constructor(
    private readonly _workspace: IWorkspace,
    readonly id: string
  ) {
    _workspace.runChanged.connect(this._onRun, this);
    _workspace.stepChanged.connect(this._onStep, this);
    this.refresh();
  }

  run: IRun | null = null;
  error: string | null = null;

  /** The run was fetched anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A step of the run has news; the argument is its block. */
  get stepChanged(): ISignal<this, string> {
    return this._stepChanged;
  }

  /** Median duration of the pipeline's completed runs. */
  get usual(): number | null {
    const runs = this._workspace.runs;
    return (
      runs.find(item => item.id === this.id)?.usual ??
      runs.find(
        item => item.pipeline === this.run?.pipeline && item.usual !== null
      )?.usual ??
      null
    );
  }

  /** Fetch it; what is asked while fetching is fetched once more after. */
  refresh(): void {
    if (this._busy) {
      this._again = true;
      return;
    }
    this._busy = true;
    void this._fetch().then(async () => {
      // A run of a thousand children has news all the time, and is long to tell.
      if ((this.run?.steps.length ?? 0) > LARGE) {
        await new Promise(done => window.setTimeout(done, LARGE_PAUSE_MS));
      }
      this._busy = false;
      if (this._again && !this._disposed) {
        this._again = false;
        this.refresh();
      }
    });
  }

  dispose(): void {
    this._disposed = true;
    this._workspace.runChanged.disconnect(this._onRun, this);
    this._workspace.stepChanged.disconnect(this._onStep, this);
    Signal.clearData(this);
  }

  private async _fetch(): Promise<void> {
    try {
      this.run = await request<IRun>(['runs', this.id]);
      this.error = null;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this._changed.emit();
  }

  private _onRun(_: IWorkspace, id: string): void {
    if (id === this.id) {
      this.refresh();
    }
  }

  private _onStep(_: IWorkspace, step: { run: string; block: string }): void {
    if (step.run === this.id) {
      this._stepChanged.emit(step.block);
      this.refresh();
    }
  }

  private _busy = false;
  private _again = false;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _stepChanged = new Signal<this, string>(this);
}
