import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IOutputSummary } from '../api/types';
import type { ITestResult } from '../tokens';
import type { IStepError } from './blockStates';

/** What the kernel says about a block it runs (message type `mage_step`). */
export interface IKernelStep {
  event: 'ready' | 'started' | 'finished' | 'stored';
  key?: string;
  block?: string;
  version?: string;
  state?: 'completed' | 'failed' | 'interrupted';
  started?: string;
  ended?: string;
  duration?: number;
  outputs?: IOutputSummary[];
  tests?: ITestResult[];
  error?: IStepError | null;
  code_hash?: string;
}

/** A step as it was heard: whose request it answers. */
export interface IHeardStep {
  step: IKernelStep;
  /** Whether this page sent the request. */
  own: boolean;
  /** Id of the execute request. */
  request: string;
}

/** The code that prepares a kernel, and a key that changes with it. */
export interface IStartCode {
  code: string;
  key: string;
}

/**
 * Requests that arrive so shortly after a failure belong to the same run of
 * several blocks: the kernel aborts them, however late they came in.
 */
const PATIENCE =
  '\nget_ipython().kernel.stop_on_error_timeout = max(' +
  '0.1, get_ipython().kernel.stop_on_error_timeout)\n';

/** Messages that are outputs. */
const PUBLISHED: ReadonlySet<string> = new Set([
  'stream',
  'display_data',
  'execute_result',
  'update_display_data',
  'error'
]);

/** After this time an aborted preparation is sent again. */
const AGAIN_MS = 200;

/**
 * Keeps the kernel of a pipeline ready to run blocks and hears what it says.
 *
 * The start code is fetched before the kernel is there and sent in the same
 * turn in which the kernel appears or restarts, so that it stands in the queue
 * before any cell a person can run.
 */
export class KernelSteps implements IDisposable {
  constructor(
    private readonly _session: ISessionContext,
    private readonly _fetch: () => Promise<IStartCode>
  ) {
    _session.kernelChanged.connect(this._onKernelChanged, this);
    _session.statusChanged.connect(this._onStatusChanged, this);
    _session.iopubMessage.connect(this._onMessage, this);
    void this.refresh();
  }

  /** A block started, finished or is stored, or the kernel is ready. */
  get heard(): ISignal<this, IHeardStep> {
    return this._heard;
  }

  /** Something was printed or shown for a request of another page. */
  get published(): ISignal<this, void> {
    return this._published;
  }

  /** Why the kernel could not be prepared, or null. */
  get failure(): string | null {
    return this._failure;
  }

  get failureChanged(): ISignal<this, void> {
    return this._failureChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /** Fetch the start code again: the pipeline's variables or folder changed. */
  async refresh(): Promise<void> {
    try {
      const start = await this._fetch();
      if (this._isDisposed) {
        return;
      }
      const changed = start.key !== this._start?.key;
      this._start = start;
      this._fail(null);
      if (changed) {
        this._sent = false;
      }
      this._send();
    } catch (error) {
      this._fail((error as Error).message);
    }
  }

  /** Resolves when the start code is on its way to the kernel that is there. */
  async ready(): Promise<void> {
    await this._session.ready;
    if (!this._start) {
      await this.refresh();
    }
    if (this._failure) {
      throw new Error(this._failure);
    }
    if (!this._sent) {
      this._send();
    }
  }

  /** Send the start code again: a cell ended without having been run as a block. */
  inject(): void {
    this._sent = false;
    this._send();
  }

  private _onKernelChanged(
    _: ISessionContext,
    change: { newValue: Kernel.IKernelConnection | null }
  ): void {
    if (change.newValue && change.newValue === this._kernel && this._sent) {
      // The same connection after a restart; its status has told already.
      return;
    }
    this._kernel = change.newValue;
    this._sent = false;
    this._send();
  }

  private _onStatusChanged(_: ISessionContext, status: Kernel.Status): void {
    if (status !== 'restarting' && status !== 'autorestarting') {
      return;
    }
    this._sent = false;
    // The connection drops what is queued in this very turn, so send after it;
    // what is sent now waits in its queue for the new kernel.
    queueMicrotask(() => this._send());
  }

  private _send(): void {
    const kernel = this._session.session?.kernel;
    if (this._isDisposed || !kernel || !this._start || this._sent) {
      return;
    }
    this._kernel = kernel;
    this._sent = true;
    const future = kernel.requestExecute(
      {
        code: this._start.code + PATIENCE,
        silent: true,
        store_history: false,
        allow_stdin: false,
        stop_on_error: false
      },
      true
    );
    future.done.then(
      reply => {
        if ((reply.content.status as string) === 'aborted') {
          this._sent = false;
          window.setTimeout(() => this._send(), AGAIN_MS);
        } else if (reply.content.status === 'error') {
          this._fail(`${reply.content.ename}: ${reply.content.evalue}`);
        }
      },
      () => {
        // The kernel restarted or went away meanwhile; that sends it anew.
      }
    );
  }

  private _onMessage(
    _: ISessionContext,
    message: KernelMessage.IMessage
  ): void {
    const type = message.header.msg_type as string;
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    const own = parent.session === this._session.session?.kernel?.clientId;
    if (!own && PUBLISHED.has(type)) {
      this._published.emit();
    }
    if (type !== 'mage_step') {
      return;
    }
    this._heard.emit({
      step: message.content as unknown as IKernelStep,
      own,
      request: parent.msg_id ?? ''
    });
  }

  private _fail(message: string | null): void {
    if (message !== this._failure) {
      this._failure = message;
      this._failureChanged.emit();
    }
  }

  private _start: IStartCode | null = null;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _sent = false;
  private _failure: string | null = null;
  private _isDisposed = false;
  private readonly _heard = new Signal<this, IHeardStep>(this);
  private readonly _published = new Signal<this, void>(this);
  private readonly _failureChanged = new Signal<this, void>(this);
}
