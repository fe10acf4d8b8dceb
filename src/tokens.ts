import type { IObservableDisposable } from '@lumino/disposable';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { NotebookPanel } from '@jupyterlab/notebook';

import type {
  IMissingPackage,
  IOutputSummary,
  IPipelineSummary,
  IProject,
  IRunSummary,
  ITrigger,
  IHealth
} from './api/types';

/** How a block fared in its last interactive run. */
export type BlockState =
  | 'idle'
  | 'queued'
  | 'running'
  | 'completed'
  | 'failed'
  | 'interrupted'
  | 'skipped'
  | 'stale';

export interface ITestResult {
  name: string;
  passed: boolean;
  message?: string | null;
}

export interface IBlockStatus {
  state: BlockState;
  /** ISO time at which it started, while running. */
  started?: string;
  /** Seconds. */
  duration?: number;
  version?: string;
  outputs: IOutputSummary[];
  tests?: ITestResult[];
  /** First line of the failure. */
  error?: string;
  /** Whether it failed because a block before it has not left anything. */
  noInput?: boolean;
  /** The package that the kernel's environment lacks, when that is why it failed. */
  missing?: IMissingPackage;
}

/** A block of an open pipeline, as its cell says. */
export interface IBlock {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly language: string;
  readonly role: string;
  readonly upstream: readonly string[];
  readonly missing: boolean;
  readonly path: string | null;
  readonly usedIn: readonly string[];
  readonly color: string | null;
  /** The global data product it hands on. */
  readonly product?: string | null;
  /** The block whose code it runs. */
  readonly replicaOf?: string | null;
  /** Whether the blocks below it run once for each item it returns. */
  readonly dynamic?: boolean;
  /** Whether what its children leave is gathered for the block below. */
  readonly reduces?: boolean;
  /** At most so many rows of its table are read back in the notebook. */
  readonly limit?: number | null;
  readonly status: IBlockStatus;
}

export interface INewBlock {
  type: string;
  language?: string;
  name?: string;
  template?: string;
  source?: string;
  upstream?: string[];
  configuration?: Record<string, unknown>;
  /** Block after which it is put; the end when left out. */
  after?: string | null;
}

export type RunMode =
  'block' | 'with-upstream' | 'from-here' | 'all' | 'stale' | 'tests';

export interface IRunOptions {
  mode: RunMode;
  block?: string;
  variables?: Record<string, unknown>;
  executionDate?: string;
  restart?: boolean;
  /** What dbt does with the models among the blocks; a preview of one alone, else build. */
  dbt?: DbtTask;
}

export type DbtTask = 'show' | 'compile' | 'run' | 'test' | 'build';

/**
 * The model of one open pipeline: the only writer of its notebook.
 * Notebook page and canvas both work on it, so they never disagree.
 */
export interface IPipelineDocument extends IObservableDisposable {
  /** Slug of the project. */
  readonly project: string;
  /** Id of the pipeline. */
  readonly pipeline: string;
  /** Drive path, `mage:<project>/<pipeline>.ipynb`. */
  readonly path: string;
  readonly name: string;
  readonly panel: NotebookPanel;
  readonly blocks: readonly IBlock[];
  /** Structure or settings changed. */
  readonly changed: ISignal<IPipelineDocument, void>;
  /** State of a block changed; the argument is its id. */
  readonly statusChanged: ISignal<IPipelineDocument, string>;
  readonly activeBlock: string | null;
  readonly activeChanged: ISignal<IPipelineDocument, string | null>;
  readonly readOnly: boolean;
  block(id: string): IBlock | undefined;
  /** Select the block's cell and scroll to it. */
  focus(id: string): void;
  /** Make `target` depend on `source`; throws an Error naming the path when that closes a circle. */
  connect(source: string, target: string): void;
  disconnect(source: string, target: string): void;
  addBlock(block: INewBlock): Promise<string>;
  removeBlock(id: string): void;
  renameBlock(id: string, name: string): void;
  moveBlock(id: string, offset: number): void;
  duplicateBlock(id: string): string;
  replicateBlock(id: string): string;
  run(options: IRunOptions): Promise<void>;
  interrupt(): Promise<void>;
  /** Undo of structural edits (connections, added, removed, moved blocks). */
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  undo(): void;
  redo(): void;
}

export interface IPipelineDocuments {
  readonly current: IPipelineDocument | null;
  readonly currentChanged: ISignal<
    IPipelineDocuments,
    IPipelineDocument | null
  >;
  readonly opened: ISignal<IPipelineDocuments, IPipelineDocument>;
  readonly all: readonly IPipelineDocument[];
  /** Find by drive path. */
  find(path: string): IPipelineDocument | undefined;
}

export const IPipelineDocuments = new Token<IPipelineDocuments>(
  'mage-jlab:IPipelineDocuments',
  'The open pipelines.'
);

/** What the browser knows of the server's projects; kept true by its event stream. */
export interface IWorkspace {
  readonly ready: Promise<void>;
  readonly projects: readonly IProject[];
  readonly pipelines: readonly IPipelineSummary[];
  readonly triggers: readonly ITrigger[];
  /** Active and recent runs, newest first. */
  readonly runs: readonly IRunSummary[];
  readonly health: IHealth | null;
  readonly error: string | null;
  readonly changed: ISignal<IWorkspace, void>;
  /** A run changed; the argument is its id. */
  readonly runChanged: ISignal<IWorkspace, string>;
  /** A step changed. */
  readonly stepChanged: ISignal<IWorkspace, { run: string; block: string }>;
  refresh(): Promise<void>;
  /** A kernel stored outputs: the server, which is not told, is asked how much there is. */
  noteStored(): void;
}

export const IWorkspace = new Token<IWorkspace>(
  'mage-jlab:IWorkspace',
  'Projects, pipelines, triggers and runs.'
);
