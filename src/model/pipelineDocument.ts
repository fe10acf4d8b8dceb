import type { Cell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import { slug } from './slug';
import { blockLook, takesInput } from '../ui/blockTypes';
import type {
  DbtTask,
  IBlock,
  IBlockStatus,
  INewBlock,
  IPipelineDocument,
  IRunOptions
} from '../tokens';
import {
  copyOf,
  type IBlockMetadata,
  idOf,
  newBlock,
  newName,
  unusedId
} from './blockIds';
import { BlockStates, type IStepState } from './blockStates';
import {
  BLOCK_KEY,
  blockOf,
  setBlock,
  STATE_KEY,
  type SharedCell
} from './cells';
import { ChangeGate } from './changeGate';
import { type IExecuteOptions, execute } from './execution';
import type { IHeardStep, KernelSteps } from './kernelSteps';
import { limitOf } from './limit';
import { type IPlanned, runPlan } from './runPlan';
import { SharedSources } from './sharedSources';
import { Structure } from './structure';

/** States of a kernel in which what it was doing is lost. */
export const GONE: ReadonlySet<string> = new Set([
  'restarting',
  'autorestarting',
  'terminating',
  'dead'
]);

/** Settings of the pipeline, as the notebook carries them. */
export interface IPipelineMetadata {
  project?: string;
  pipeline?: string;
  name?: string;
  type?: string;
  description?: string | null;
  tags?: string[];
  variables?: Record<string, unknown>;
  kernel?: string | null;
  etag?: string;
  problems?: { severity: string; message: string; block?: string | null }[];
  [key: string]: unknown;
}

/** What the cell of a global data product shows: an empty one cannot be run. */
const PRODUCT_TEXT =
  '# The newest outputs of a registered pipeline: see the settings of this block.';

/** The product that a block hands on, as its configuration says. */
function productOf(data: IBlockMetadata): string | null {
  const said = data.configuration?.['global_data_product'] as
    { uuid?: unknown } | undefined;
  return typeof said?.uuid === 'string' ? said.uuid : null;
}

/** Changes of a block's settings; keys as the server's BlockChange. */
export type BlockChanges = Partial<
  Pick<
    IBlockMetadata,
    | 'configuration'
    | 'retry_config'
    | 'timeout'
    | 'executor_type'
    | 'executor_config'
    | 'color'
    | 'upstream'
    | 'type'
    | 'role'
    | 'language'
  >
>;

/** What a new block begins with. */
export interface ITemplateText {
  source: string;
  language: string;
  configuration?: Record<string, unknown>;
  color?: string | null;
}

export interface IPipelineDocumentOptions {
  panel: NotebookPanel;
  steps: KernelSteps;
  trans: TranslationBundle;
  /** Source of a template. */
  template: (id: string) => Promise<ITemplateText>;
  /** The template that is only the frame of a type of block. */
  frame?: (
    type: string,
    language: string | undefined
  ) => Promise<ITemplateText | undefined>;
}

/**
 * An open pipeline: reads the structure from the cells and is the only one
 * that writes it.
 *
 * All edits go through the shared notebook in one undoable transaction each,
 * so JupyterLab's own undo of the notebook undoes connections too, and canvas
 * and notebook have one history.
 */
export class PipelineDocument implements IPipelineDocument {
  constructor(options: IPipelineDocumentOptions) {
    this.panel = options.panel;
    this.steps = options.steps;
    this._trans = options.trans;
    this._template = options.template;
    this._frame = options.frame ?? (() => Promise.resolve(undefined));
    this._structure = new Structure(this._model.sharedModel);
    this.gate = new ChangeGate(this._model);
    new SharedSources(this._model);
    this.states = new BlockStates({
      upstream: () => this._structure.upstream(),
      source: id => this.cell(id)?.getSource() ?? ''
    });
    this.gate.changed.connect((_, kind) => this._onEdit(kind));
    this.states.changed.connect((_, id) => this._onStatus(id));
    this.steps.heard.connect((_, heard) => this._onHeard(heard));
    this.panel.sessionContext.statusChanged.connect((_, status) => {
      if (GONE.has(status)) {
        this.states.cutOff(this.words.cutOff);
      }
    });
    this.panel.content.activeCellChanged.connect(this._onActive, this);
    this.panel.context.pathChanged.connect(() => this._changed.emit());
    this.panel.disposed.connect(() => this.dispose());
    this._structure.assign(this.pipeline);
    this.loadStates();
  }

  readonly panel: NotebookPanel;
  readonly steps: KernelSteps;
  readonly gate: ChangeGate;
  readonly states: BlockStates;

  get path(): string {
    return this.panel.context.path;
  }

  get project(): string {
    return this.path.replace(/^[^:]*:/, '').split('/')[0];
  }

  /** Slug of the pipeline: its place in REST paths. */
  get slug(): string {
    return PathExt.basename(this.path, '.ipynb');
  }

  get pipeline(): string {
    return this.settings.pipeline ?? this.slug;
  }

  get name(): string {
    return this.settings.name ?? this.pipeline;
  }

  /** Name, description, tags, variables … of the pipeline. */
  get settings(): IPipelineMetadata {
    return (this._model.getMetadata(BLOCK_KEY) ?? {}) as IPipelineMetadata;
  }

  get blocks(): readonly IBlock[] {
    return this._structure.list.map(data => this._block(data));
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get statusChanged(): ISignal<this, string> {
    return this._statusChanged;
  }

  get activeChanged(): ISignal<this, string | null> {
    return this._activeChanged;
  }

  /** A run by another page of this browser ended: its outputs must be fetched. */
  get ranElsewhere(): ISignal<this, string> {
    return this._ranElsewhere;
  }

  get activeBlock(): string | null {
    const cell = this.panel.content.activeCell;
    return cell ? (blockOf(cell.model.sharedModel)?.uuid ?? null) : null;
  }

  get readOnly(): boolean {
    return (
      this._model.readOnly ||
      this.panel.context.contentsModel?.writable === false
    );
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.steps.dispose();
    this.gate.dispose();
    this._disposed.emit();
    Signal.clearData(this);
  }

  /** Sentences for what can go wrong while running. */
  get words(): { noKernel: string; unprepared: string; cutOff: string } {
    return {
      cutOff: this._trans.__(
        'The kernel died or was restarted while this block ran.'
      ),
      noKernel: this._trans.__(
        'There is no kernel: choose one for this pipeline first.'
      ),
      unprepared: this._trans.__(
        'Not run: the kernel was not ready for blocks yet. Run it again.'
      )
    };
  }

  /** The shared cell of a block. */
  cell(id: string): SharedCell | undefined {
    return this._model.sharedModel.cells[this._structure.index(id)];
  }

  /** The widget of a block's cell. */
  widget(id: string): Cell | undefined {
    return this.panel.content.widgets[this._structure.index(id)];
  }

  /** The metadata of a block with everything the cell knows of it. */
  metadata(id: string): IBlockMetadata | undefined {
    return this._structure.get(id);
  }

  block(id: string): IBlock | undefined {
    const data = this.metadata(id);
    return data && this._block(data);
  }

  focus(id: string): void {
    const notebook = this.panel.content;
    const index = this._structure.index(id);
    if (index < 0) {
      return;
    }
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    void notebook.scrollToItem(index, 'smart').catch(() => undefined);
  }

  connect(source: string, target: string): void {
    const path = this._structure.circle(target, [source]);
    if (path) {
      throw new Error(
        this._trans.__(
          'This would close a circle: %1. Remove one of these connections first.',
          path.join(' → ')
        )
      );
    }
    const child = this.block(target);
    if (!child || !this.block(source)) {
      throw new Error(this._trans.__('There is no such block.'));
    }
    if (!takesInput(child.type)) {
      throw new Error(
        this._trans.__(
          '“%1” is a note or a draft: it takes no input.',
          child.name
        )
      );
    }
    if (!child.upstream.includes(source)) {
      this._change(target, { upstream: [...child.upstream, source] });
    }
  }

  disconnect(source: string, target: string): void {
    const upstream = this.block(target)?.upstream ?? [];
    this._change(target, { upstream: upstream.filter(id => id !== source) });
  }

  async addBlock(block: INewBlock): Promise<string> {
    this._refuseReadOnly();
    const template = block.template
      ? await this._template(block.template)
      : block.source === undefined
        ? await this._frame(block.type, block.language)
        : undefined;
    const taken = this._structure.ids();
    const id = block.name
      ? unusedId(idOf(block.name), taken)
      : newName(block.type, this.pipeline, taken);
    const markdown = block.type === 'markdown';
    const language =
      block.language ??
      template?.language ??
      (markdown ? 'markdown' : block.type === 'dbt' ? 'yaml' : 'python');
    const data = newBlock(id, block.type, language, block.name ?? id);
    data.upstream = [...(block.upstream ?? [])].filter(item => taken.has(item));
    data.configuration = {
      ...(template?.configuration ?? {}),
      ...(block.configuration ?? {})
    };
    if (template?.color) {
      data.color = template.color;
    }
    this._insert(
      this._indexAfter(block.after),
      data,
      block.source ??
        template?.source ??
        (block.type === 'global_data_product' ? PRODUCT_TEXT : '')
    );
    this.focus(id);
    return id;
  }

  removeBlock(id: string): void {
    const index = this._structure.index(id);
    if (index < 0) {
      return;
    }
    this._edit(shared => {
      for (const cell of shared.cells) {
        const data = blockOf(cell);
        if (data?.upstream.includes(id)) {
          setBlock(cell, {
            ...data,
            upstream: data.upstream.filter(item => item !== id)
          });
        }
      }
      shared.deleteCell(index);
    });
  }

  renameBlock(id: string, name: string): void {
    const data = this.metadata(id);
    const text = name.trim();
    if (!data || !text || text === data.name) {
      return;
    }
    const wanted = idOf(text);
    if (wanted !== id && this._structure.ids().has(wanted)) {
      throw new Error(
        this._trans.__('There is a block “%1” in this pipeline already.', text)
      );
    }
    // The id of a saved block follows on saving, when its file is renamed.
    const uuid = data.path === undefined ? wanted : id;
    this._edit(shared => {
      for (const cell of shared.cells) {
        const block = blockOf(cell);
        if (block?.uuid === id) {
          setBlock(cell, { ...block, uuid, name: text });
        } else if (uuid !== id && block?.upstream.includes(id)) {
          const upstream = block.upstream.map(item =>
            item === id ? uuid : item
          );
          setBlock(cell, { ...block, upstream });
        }
      }
    });
    if (uuid !== id) {
      this.states.rename(id, uuid);
    }
  }

  moveBlock(id: string, offset: number): void {
    const from = this._structure.index(id);
    const to = Math.max(
      0,
      Math.min(this._model.sharedModel.cells.length - 1, from + offset)
    );
    if (from < 0 || from === to) {
      return;
    }
    this._refuseReadOnly();
    this.panel.content.moveCell(from, to);
    this.focus(id);
  }

  duplicateBlock(id: string): string {
    const cell = this.cell(id);
    const data = this.metadata(id);
    if (!cell || !data) {
      throw new Error(this._trans.__('There is no such block.'));
    }
    const copy = copyOf(data, this._structure.ids());
    this._insert(this._structure.index(id) + 1, copy, cell.getSource());
    this.focus(copy.uuid);
    return copy.uuid;
  }

  /** Add a block that runs the code of another one with inputs of its own. */
  replicateBlock(id: string): string {
    const cell = this.cell(id);
    const data = this.metadata(id);
    if (!cell || !data) {
      throw new Error(this._trans.__('There is no such block.'));
    }
    const replica = copyOf(data, this._structure.ids());
    replica.uuid = unusedId(`${data.uuid}_replica`, this._structure.ids());
    replica.name = this._trans.__('%1 (replica)', data.name);
    replica.upstream = [];
    replica['replicated_block'] = data['replicated_block'] ?? data.uuid;
    this._insert(this._structure.index(id) + 1, replica, cell.getSource());
    this.focus(replica.uuid);
    return replica.uuid;
  }

  /** Change settings of a block. */
  changeBlock(id: string, changes: BlockChanges): void {
    const path =
      changes.upstream && this._structure.circle(id, changes.upstream);
    if (path) {
      throw new Error(
        this._trans.__('This would close a circle: %1.', path.join(' → '))
      );
    }
    this._change(id, changes);
  }

  /** Change settings of the pipeline. */
  changeSettings(changes: Partial<IPipelineMetadata>): void {
    this._refuseReadOnly();
    const settings = { ...this.settings, ...changes };
    this._model.setMetadata(BLOCK_KEY, settings as never);
    this._changed.emit();
  }

  async run(options: IRunOptions): Promise<void> {
    const ids = runPlan(options.mode, this._planned(), options.block);
    if (!ids.length) {
      throw new Error(
        options.mode === 'stale'
          ? this._trans.__('Nothing is stale: all blocks are up to date.')
          : this._trans.__('There is no block to run.')
      );
    }
    const kernelOptions: IExecuteOptions = {};
    const models = ids.some(id => this.metadata(id)?.type === 'dbt');
    if (models) {
      // Models read each other's tables: a preview alone would find none.
      kernelOptions.dbt = options.dbt ?? (ids.length > 1 ? 'build' : 'show');
      await this._saveForDbt(kernelOptions.dbt);
    }
    if (options.mode === 'tests') {
      kernelOptions.tests = 'only';
    }
    if (options.variables && Object.keys(options.variables).length) {
      kernelOptions.variables = options.variables;
    }
    if (options.executionDate) {
      kernelOptions.execution_date = options.executionDate;
    }
    if (options.restart) {
      await this.panel.sessionContext.restartKernel();
    }
    await execute(this, ids, kernelOptions);
  }

  /** dbt reads files, except the one model of a preview. */
  private async _saveForDbt(task: DbtTask): Promise<void> {
    const { context } = this.panel;
    if (task !== 'show' && context.model.dirty) {
      await context.save();
    }
  }

  async interrupt(): Promise<void> {
    await this.panel.sessionContext.session?.kernel?.interrupt();
  }

  get canUndo(): boolean {
    return this._model.sharedModel.canUndo();
  }

  get canRedo(): boolean {
    return this._model.sharedModel.canRedo();
  }

  /** Let the notebook have the keys, as with a cell selected: `Z` undoes. */
  takeKeys(): void {
    this.panel.content.mode = 'command';
    this.panel.content.activate();
  }

  undo(): void {
    this._model.sharedModel.undo();
  }

  redo(): void {
    this._model.sharedModel.redo();
  }

  /** Take over the outcomes of the last interactive runs. */
  loadStates(): void {
    for (const cell of this._model.sharedModel.cells) {
      const data = blockOf(cell);
      const state = cell.getMetadata(STATE_KEY) as unknown;
      if (data && typeof state === 'object' && state !== null) {
        this.states.load(data.uuid, state as IStepState);
      }
    }
  }

  private get _model(): INotebookModel {
    return this.panel.content.model as INotebookModel;
  }

  private _block(data: IBlockMetadata): IBlock {
    return {
      id: data.uuid,
      name: data.name,
      type: data.type,
      language: data.language,
      role: data.role,
      upstream: data.upstream,
      missing: data.missing === true,
      path: data.path ?? null,
      usedIn: data.used_in ?? [],
      color: data.color ?? null,
      product: productOf(data),
      replicaOf:
        typeof data['replicated_block'] === 'string'
          ? data['replicated_block']
          : null,
      dynamic: data.configuration?.dynamic === true,
      reduces: data.configuration?.reduce_output === true,
      limit: limitOf(data),
      status: this._status(data)
    };
  }

  private _status(data: IBlockMetadata): IBlockStatus {
    return this.states.status(data.uuid);
  }

  private _planned(): IPlanned[] {
    return this.blocks.map(block => ({
      id: block.id,
      type: block.type,
      role: block.role,
      upstream: block.upstream,
      stale: block.status.state !== 'completed',
      runnable: blockLook(block.type).known && block.type !== 'markdown'
    }));
  }

  private _indexAfter(after: string | null | undefined): number {
    const end = this._model.sharedModel.cells.length;
    if (after === undefined || after === null) {
      return end;
    }
    const index = this._structure.index(after);
    return index < 0 ? end : index + 1;
  }

  private _insert(index: number, data: IBlockMetadata, source: string): void {
    const cells = this._model.sharedModel.cells;
    const only = cells.length === 1 ? cells[0] : undefined;
    const placeholder = !!only && !blockOf(only) && !only.getSource().trim();
    this._edit(shared => {
      shared.insertCell(index, {
        id: slug(data.uuid),
        cell_type: data.type === 'markdown' ? 'markdown' : 'code',
        source,
        metadata: { [BLOCK_KEY]: data as never, trusted: true }
      });
      if (placeholder) {
        shared.deleteCell(index === 0 ? 1 : 0);
      }
    });
  }

  private _change(id: string, changes: Partial<IBlockMetadata>): void {
    const cell = this.cell(id);
    const data = cell && blockOf(cell);
    if (cell && data) {
      this._edit(() => setBlock(cell, { ...data, ...changes }));
    }
  }

  /** One undoable step. */
  private _edit(work: (shared: INotebookModel['sharedModel']) => void): void {
    this._refuseReadOnly();
    this._structure.edit(work);
  }

  private _refuseReadOnly(): void {
    if (this.readOnly) {
      throw new Error(this._trans.__('This pipeline is read-only.'));
    }
  }

  private _onEdit(kind: 'source' | 'structure'): void {
    if (kind === 'structure') {
      this._structure.forget();
      if (!this._assigning) {
        this._assigning = true;
        queueMicrotask(() => {
          this._assigning = false;
          if (!this._isDisposed) {
            this._structure.assign(this.pipeline);
            this.states.review();
            this._changed.emit();
          }
        });
      }
    } else if (!this._reviewing) {
      this._reviewing = true;
      window.setTimeout(() => {
        this._reviewing = false;
        if (!this._isDisposed) {
          this.states.review();
        }
      }, 300);
    }
  }

  private _onStatus(id: string): void {
    this._statusChanged.emit(id);
  }

  private _onHeard(heard: IHeardStep): void {
    this.states.heard(heard.step);
    if (heard.step.event === 'finished' && !heard.own && heard.step.block) {
      this._ranElsewhere.emit(heard.step.block);
    }
  }

  private _onActive(): void {
    const active = this.activeBlock;
    if (active !== this._lastActive) {
      this._lastActive = active;
      this._activeChanged.emit(active);
    }
  }

  private readonly _structure: Structure;
  private readonly _trans: TranslationBundle;
  private readonly _template: IPipelineDocumentOptions['template'];
  private readonly _frame: NonNullable<IPipelineDocumentOptions['frame']>;
  private _isDisposed = false;
  private _assigning = false;
  private _reviewing = false;
  private _lastActive: string | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _statusChanged = new Signal<this, string>(this);
  private readonly _activeChanged = new Signal<this, string | null>(this);
  private readonly _ranElsewhere = new Signal<this, string>(this);
  private readonly _disposed = new Signal<this, void>(this);
}
