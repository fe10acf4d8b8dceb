import { request } from '../api/request';
import type { ILog, ILogRecord } from '../api/types';

/** The log of one step, read piece by piece as it grows. */
export class LogModel {
  constructor(
    private readonly _run: string,
    private readonly _step: string,
    private readonly _onChange: () => void
  ) {}

  records: ILogRecord[] = [];
  /** How many records the server left out in the middle. */
  truncated = 0;
  loaded = false;
  complete = false;
  error: string | null = null;

  /** Read what has come since the last time. */
  async read(): Promise<void> {
    if (this._busy) {
      this._again = true;
      return;
    }
    this._busy = true;
    let more = true;
    while ((more || this._again) && !this._closed) {
      this._again = false;
      more = await this._piece();
    }
    this._busy = false;
  }

  /** Start over: the step was started anew. */
  restart(): void {
    this._next = 0;
    this.records = [];
    this.complete = false;
    void this.read();
  }

  close(): void {
    this._closed = true;
  }

  /** Read one piece; true when there may be another one. */
  private async _piece(): Promise<boolean> {
    let more = false;
    const from = this._next;
    try {
      const log = await request<ILog>(
        ['runs', this._run, 'steps', this._step, 'log'],
        { query: { offset: from } }
      );
      if (this._closed || from !== this._next) {
        return !this._closed;
      }
      this.records = [...this.records, ...log.records];
      this.complete = log.complete;
      this.truncated = log.truncated ?? 0;
      this.error = null;
      more = log.next > from && log.records.length > 0;
      this._next = log.next;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.loaded = true;
    this._onChange();
    return more;
  }

  private _next = 0;
  private _busy = false;
  private _again = false;
  private _closed = false;
}
