import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookContent, IOutput } from '@jupyterlab/nbformat';
import type { Contents, ServerConnection } from '@jupyterlab/services';

import { request } from '../api/request';
import type { IPage } from '../api/types';
import type { IBlockMetadata } from './blockIds';
import type { IStepState } from './blockStates';
import { BLOCK_KEY, blockOf, setBlock } from './cells';
import { GONE, type PipelineDocument } from './pipelineDocument';

interface IBlockOutputs {
  block: string;
  state: IStepState | null;
  outputs: IOutput[];
}

const FOLLOW_MS = 1000;

/** Keeps an open pipeline true to the server: after saves, outside edits, other runs. */
export class Synchrony {
  constructor(
    private readonly _document: PipelineDocument,
    private readonly _contents: Contents.IManager,
    private readonly _settings: ServerConnection.ISettings
  ) {
    const { context, sessionContext } = _document.panel;
    context.saveState.connect((_, state) => {
      this._saving = state === 'started';
      if (state === 'completed') {
        void this.takeIds();
        void _document.steps.refresh();
      }
    });
    context.pathChanged.connect(() => {
      void this.takeIds();
      void _document.steps.refresh();
    });
    _document.ranElsewhere.connect((_, id) => void this.takeOutputs(id));
    _document.steps.published.connect(() => this._follow());
    sessionContext.statusChanged.connect((_, status) => {
      this._gone ||= GONE.has(status);
      if (status === 'idle') {
        void this._settle();
      }
    });
  }

  /** Look whether the files changed; reload when nothing would be lost. */
  async look(): Promise<void> {
    const { context } = this._document.panel;
    if (this._looking || this._saving || !context.isReady) {
      return;
    }
    this._looking = true;
    try {
      const known = context.contentsModel?.hash;
      const found = await this._contents.get(context.path, {
        content: false,
        hash: true
      });
      if (
        context.isDisposed ||
        this._saving ||
        !found.hash ||
        found.hash === known ||
        found.hash === context.contentsModel?.hash ||
        context.model.dirty ||
        this._document.states.busy().length
      ) {
        return;
      }
      await this._reload();
    } catch {
      // Deleted, or the server is away: the next save or look will tell.
    } finally {
      this._looking = false;
    }
  }

  /** After a save: the ids, paths and links that the server gave. */
  async takeIds(): Promise<void> {
    const document = this._document;
    const path = document.path;
    let content: INotebookContent;
    try {
      const model = await this._contents.get(path, { content: true });
      content = model.content as INotebookContent;
    } catch {
      return;
    }
    if (document.isDisposed || document.path !== path || document.gate.edited) {
      return;
    }
    document.gate.quietly(() => this._merge(content));
  }

  /**
   * Show what the server recorded of runs this page has not seen, and of the
   * block that just ran for another page.
   */
  async takeOutputs(ran?: string): Promise<void> {
    const document = this._document;
    let page: IPage<IBlockOutputs>;
    try {
      page = await request<IPage<IBlockOutputs>>(
        ['projects', document.project, 'pipelines', document.slug, 'outputs'],
        {},
        this._settings
      );
    } catch {
      return;
    }
    if (document.isDisposed) {
      return;
    }
    const running = new Set(document.states.busy());
    for (const item of page.items) {
      const cell = document.widget(item.block);
      if (!item.state || !cell || cell.model.type !== 'code') {
        continue;
      }
      const version = document.states.status(item.block).version;
      const known = version === item.state.version && !running.has(item.block);
      if (known && item.block !== ran) {
        continue;
      }
      document.states.load(item.block, item.state);
      const model = cell.model as ICodeCellModel;
      model.trusted = true;
      model.outputs.fromJSON(item.outputs);
    }
  }

  /** Show what a run of another page publishes, about once a second. */
  private _follow(): void {
    if (this._following) {
      return;
    }
    this._following = true;
    window.setTimeout(() => {
      this._following = false;
      const document = this._document;
      const running = document.isDisposed
        ? undefined
        : document.states
            .busy()
            .find(id => document.states.status(id).state === 'running');
      if (running !== undefined) {
        void this.takeOutputs(running);
      }
    }, FOLLOW_MS);
  }

  /**
   * A block that seems to run while the kernel is idle ended unseen. One that
   * took its kernel with it may not even have been heard to begin.
   */
  private async _settle(): Promise<void> {
    const document = this._document;
    if (this._gone) {
      this._gone = false;
      await this.takeOutputs();
    }
    const orphans = document.states.busy().filter(id => {
      const cell = document.widget(id);
      return (
        cell?.model.type === 'code' &&
        (cell.model as ICodeCellModel).executionState !== 'running'
      );
    });
    if (!orphans.length) {
      return;
    }
    await this.takeOutputs();
    for (const id of orphans) {
      if (!document.isDisposed && document.states.busy().includes(id)) {
        const cell = document.widget(id);
        const model = cell?.model as ICodeCellModel | undefined;
        if (model?.executionState !== 'running') {
          document.states.notRun(id);
        }
      }
    }
  }

  private async _reload(): Promise<void> {
    const { content, context } = this._document.panel;
    const active = this._document.activeBlock;
    const top = content.outerNode?.scrollTop ?? 0;
    await context.revert();
    if (this._document.isDisposed) {
      return;
    }
    this._document.loadStates();
    const index = content.widgets.findIndex(
      cell => blockOf(cell.model.sharedModel)?.uuid === active
    );
    if (index >= 0) {
      content.activeCellIndex = index;
    }
    if (content.outerNode) {
      content.outerNode.scrollTop = top;
    }
  }

  private _merge(content: INotebookContent): void {
    const document = this._document;
    const model = document.panel.content.model;
    if (!model) {
      return;
    }
    const given = content.cells.flatMap(cell => {
      const block = cell.metadata[BLOCK_KEY] as unknown as
        IBlockMetadata | undefined;
      return block?.uuid ? [block] : [];
    });
    const cells = model.sharedModel.cells.filter(cell => blockOf(cell));
    const byId = new Map(given.map(block => [block.uuid, block]));
    const here = new Set(cells.map(cell => blockOf(cell)?.uuid));
    // Renamed blocks: the ids that are new there stand where the old ones stood.
    const fresh = given.filter(block => !here.has(block.uuid));
    for (const cell of cells) {
      const old = blockOf(cell) as IBlockMetadata;
      const next =
        byId.get(old.uuid) ??
        fresh.splice(
          Math.max(
            0,
            fresh.findIndex(block => block.name === old.name)
          ),
          1
        )[0];
      if (!next) {
        continue;
      }
      if (next.uuid !== old.uuid) {
        document.states.rename(old.uuid, next.uuid);
      }
      if (JSON.stringify(next) !== JSON.stringify(old)) {
        setBlock(cell, next);
      }
    }
    const settings = content.metadata[BLOCK_KEY];
    if (settings) {
      model.setMetadata(BLOCK_KEY, settings);
    }
  }

  private _gone = false;
  private _saving = false;
  private _looking = false;
  private _following = false;
}
