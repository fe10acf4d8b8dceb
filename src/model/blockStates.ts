import { type ISignal, Signal } from '@lumino/signaling';

import type { IMissingPackage, IOutputSummary } from '../api/types';
import type { BlockState, IBlockStatus, ITestResult } from '../tokens';
import type { IKernelStep } from './kernelSteps';
import type { Upstream } from './order';
import { codeHash, staleBlocks } from './staleness';

/** The outcome of a block's last run, as server and kernel write it. */
export interface IStepState {
  state?: string;
  version?: string;
  started?: string | null;
  ended?: string | null;
  duration?: number | null;
  outputs?: IOutputSummary[] | null;
  tests?: ITestResult[] | null;
  error?: IStepError | string | null;
  code_hash?: string | null;
}

/** What a failure says of itself. */
export interface IStepError {
  name?: string;
  message?: string;
  line?: number | null;
  /** It says all by itself: without the name of its class, which is ours. */
  sentence?: boolean;
  missing_package?: IMissingPackage | null;
}

interface IRecord extends IBlockStatus {
  codeHash?: string;
}

const IDLE: IRecord = { state: 'idle', outputs: [] };

/** What the states need to know of the blocks. */
export interface IBlockSources {
  upstream(): Upstream;
  source(id: string): string;
}

/** How each block fared; says which became stale when code or input changes. */
export class BlockStates {
  constructor(private readonly _blocks: IBlockSources) {}

  /** The state of a block changed; the argument is its id. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  status(id: string): IBlockStatus {
    const record = this._records.get(id) ?? IDLE;
    return this._stale.has(id) ? { ...record, state: 'stale' } : record;
  }

  /** The ids of the blocks that are queued or running. */
  busy(): string[] {
    return [...this._records]
      .filter(([, item]) => item.state === 'running' || item.state === 'queued')
      .map(([id]) => id);
  }

  /** Take over what the server remembers. */
  load(id: string, step: IStepState): void {
    this._put(id, recordOf(step));
  }

  queued(id: string): void {
    const before = this._records.get(id) ?? IDLE;
    if (before.state !== 'queued' && before.state !== 'running') {
      this._before.set(id, before);
    }
    this._put(id, { ...before, state: 'queued' });
  }

  /** A queued block was not run: it is again what it was. */
  unqueued(id: string): void {
    const state = this._records.get(id)?.state;
    if (state === 'queued' || state === 'running') {
      this._put(id, this._before.get(id) ?? IDLE);
    }
  }

  /** The block's code ran without our kernel side, or the run was cut off. */
  notRun(id: string, error?: string): void {
    this._put(id, { ...IDLE, error });
  }

  /** The kernel went away: what ran was cut off, what was queued did not run. */
  cutOff(error: string): void {
    for (const id of this.busy()) {
      if (this._records.get(id)?.state === 'running') {
        this._put(id, { state: 'interrupted', outputs: [], error });
      } else {
        this.unqueued(id);
      }
    }
  }

  /** What the kernel said about a block. */
  heard(step: IKernelStep): void {
    if (!step.block) {
      return;
    }
    if (step.event === 'started') {
      this._put(step.block, {
        state: 'running',
        started: step.started ?? new Date().toISOString(),
        version: step.version,
        outputs: []
      });
    } else if (step.event === 'finished') {
      this._put(step.block, recordOf(step));
    } else if (
      step.event === 'stored' &&
      this._records.get(step.block)?.version === step.version
    ) {
      // Its size is known now, or that it could not be stored.
      this._put(step.block, recordOf(step));
    }
  }

  rename(before: string, after: string): void {
    const record = this._records.get(before);
    if (record) {
      this._records.delete(before);
      this._records.set(after, record);
    }
  }

  /** Find out again which blocks are stale. */
  review(): void {
    const before = this._stale;
    this._stale = staleBlocks(
      this._blocks.upstream(),
      this._records as ReadonlyMap<string, IRecord>,
      id => this._hash(id)
    );
    for (const id of new Set([...before, ...this._stale])) {
      if (before.has(id) !== this._stale.has(id)) {
        this._changed.emit(id);
      }
    }
  }

  private _put(id: string, record: IRecord): void {
    this._records.set(id, record);
    this._stale.delete(id);
    this._changed.emit(id);
    if (record.state !== 'queued' && record.state !== 'running') {
      this.review();
    }
  }

  private _hash(id: string): string {
    const source = this._blocks.source(id);
    const known = this._hashes.get(id);
    if (known?.source === source) {
      return known.hash;
    }
    const hash = codeHash(source);
    this._hashes.set(id, { source, hash });
    return hash;
  }

  private _stale = new Set<string>();
  private readonly _records = new Map<string, IRecord>();
  private readonly _before = new Map<string, IRecord>();
  private readonly _hashes = new Map<
    string,
    { source: string; hash: string }
  >();
  private readonly _changed = new Signal<this, string>(this);
}

const KNOWN: ReadonlySet<string> = new Set<BlockState>([
  'idle',
  'queued',
  'running',
  'completed',
  'failed',
  'interrupted',
  'skipped'
]);

function recordOf(step: IStepState | IKernelStep): IRecord {
  const state = step.state ?? 'idle';
  const error = step.error ?? undefined;
  return {
    state: KNOWN.has(state) ? (state as BlockState) : 'idle',
    started: step.started ?? undefined,
    duration: step.duration ?? undefined,
    version: step.version,
    outputs: step.outputs ?? [],
    tests: step.tests ?? undefined,
    error: typeof error === 'string' ? error : firstLine(error),
    noInput: typeof error === 'object' && error.name === 'MissingInput',
    missing:
      typeof error === 'object'
        ? (error.missing_package ?? undefined)
        : undefined,
    codeHash: step.code_hash ?? undefined
  };
}

/** What failed in one line, and where in the text of the cell, as runs say it. */
function firstLine(error: IStepError | undefined): string | undefined {
  if (!error) {
    return undefined;
  }
  const message = (error.message ?? '').split('\n')[0];
  const words =
    error.name && message && !error.sentence
      ? `${error.name}: ${message}`
      : message;
  return error.line
    ? `${words.replace(/\.$/, '')}, line ${error.line}`
    : words || error.name;
}
