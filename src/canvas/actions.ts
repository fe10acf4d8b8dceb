import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../commands';
import { slug } from '../model/slug';
import type { IBlock, INewBlock, IPipelineDocument } from '../tokens';
import { isStep, takesInput } from '../ui/blockTypes';
import { openMenu, type IMenuEntries, type IMenuEntry } from '../ui/menu';
import { possibleTargets } from './structure';

export interface IPoint {
  x: number;
  y: number;
}

/** What the canvas does to a pipeline; all of it through the document. */
export class CanvasActions {
  constructor(
    readonly document: IPipelineDocument,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {}

  connect(source: string, target: string): void {
    if (source === target || this._name(target) === null) {
      return;
    }
    this._try(() => this.document.connect(source, target));
  }

  disconnect(source: string, target: string): void {
    this._try(() => this.document.disconnect(source, target));
  }

  undo(): void {
    if (this.document.canUndo) {
      this._try(() => this.document.undo());
    }
  }

  redo(): void {
    if (this.document.canRedo) {
      this._try(() => this.document.redo());
    }
  }

  add(block: INewBlock): void {
    void this.document.addBlock(block).catch(error => this._warn(error));
  }

  /** Choose type and template of a new block, which takes the output of another one. */
  openAddMenu(anchor: HTMLElement | IPoint, after?: string): void {
    if (this.document.readOnly) {
      return;
    }
    const box =
      anchor instanceof HTMLElement ? anchor.getBoundingClientRect() : null;
    const at = box ? { x: box.left, y: box.bottom + 2 } : anchor;
    void this._commands.execute(CommandIDs.chooseBlock, {
      path: this.document.path,
      ...(after === undefined ? {} : { after }),
      ...(at as IPoint)
    });
  }

  openBlockMenu(id: string, at: HTMLElement | IPoint): void {
    const block = this.document.block(id);
    if (block) {
      openMenu(this._blockMenu(block), at);
    }
  }

  openLineMenu(source: string, target: string, at: IPoint): void {
    openMenu(
      [
        {
          label: this._trans.__(
            'Disconnect %1 from %2',
            this._name(source) ?? source,
            this._name(target) ?? target
          ),
          enabled: !this.document.readOnly,
          run: () => this.disconnect(source, target)
        }
      ],
      at
    );
  }

  run(id: string): void {
    void this._on(CommandIDs.runBlock, id);
  }

  rename(id: string): void {
    void this._on(CommandIDs.renameBlock, id);
  }

  /** Take a block out of the pipeline, after asking; its file stays. */
  async remove(id: string): Promise<void> {
    const trans = this._trans;
    const block = this.document.block(id);
    if (!block || this.document.readOnly) {
      return;
    }
    const below = this.document.blocks.filter(item =>
      item.upstream.includes(id)
    );
    const lines = [
      block.path
        ? trans.__('Its file %1 stays where it is.', block.path)
        : trans.__('Its file stays where it is.')
    ];
    if (below.length) {
      lines.push(
        trans.__(
          'These blocks lose it as their input: %1.',
          below.map(item => item.name).join(', ')
        )
      );
    }
    lines.push(trans.__('Undo brings it back.'));
    const answer = await showDialog({
      title: trans.__('Remove “%1” from the pipeline?', block.name),
      body: lines.join(' '),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Remove') })
      ]
    });
    if (answer.button.accept) {
      this._try(() => this.document.removeBlock(id));
    }
  }

  /** Connect by keyboard: choose the block that comes next. */
  async chooseNext(id: string): Promise<void> {
    const trans = this._trans;
    const own = this.document.block(id);
    const others = possibleTargets(this.document.blocks, id).filter(item =>
      takesInput(item.type)
    );
    if (!own || !isStep(own.type) || this.document.readOnly) {
      return;
    }
    if (!others.length) {
      this._warn(
        trans.__(
          'There is no block that could take the data of “%1”.',
          own.name
        )
      );
      return;
    }
    const labels = others.map(item => item.name);
    const answer = await InputDialog.getItem({
      title: trans.__('Connect “%1” to', own.name),
      label: trans.__('The block that takes its data'),
      items: labels,
      okLabel: trans.__('Connect')
    });
    const target = others[labels.indexOf(answer.value ?? '')];
    if (answer.button.accept && target) {
      this.connect(id, target.id);
    }
  }

  private _blockMenu(block: IBlock): IMenuEntries {
    const trans = this._trans;
    const editable = !this.document.readOnly;
    const entry = (
      label: string,
      command: string,
      enabled = true
    ): IMenuEntry => ({
      label,
      enabled: enabled && this._commands.hasCommand(command),
      run: () => void this._on(command, block.id)
    });
    const { outputs, version } = block.status;
    return [
      entry(trans.__('Run this block'), CommandIDs.runBlock),
      entry(trans.__('Run with its upstream'), CommandIDs.runWithUpstream),
      entry(trans.__('Run from here'), CommandIDs.runFromHere),
      'separator',
      {
        label: trans.__('Add a block after it…'),
        enabled: editable && isStep(block.type),
        run: () => this._addAfter(block.id)
      },
      {
        label: trans.__('Connect to…'),
        enabled: editable && isStep(block.type),
        run: () => void this.chooseNext(block.id)
      },
      {
        label: trans.__('Disconnect from'),
        enabled: editable && block.upstream.length > 0,
        submenu: block.upstream.map(source => ({
          label: this._name(source) ?? source,
          run: () => this.disconnect(source, block.id)
        }))
      },
      'separator',
      {
        label: trans.__('Open its data'),
        enabled: outputs.length > 0,
        run: () =>
          void this._commands.execute(CommandIDs.openProduct, {
            project: this.document.project,
            pipeline: slug(this.document.pipeline),
            block: slug(block.id),
            scope: 'interactive',
            version: version ?? null,
            output: outputs[0].name
          })
      },
      entry(
        trans.__('Open its file'),
        CommandIDs.openBlockFile,
        !!block.path && !block.missing
      ),
      entry(trans.__('Settings…'), CommandIDs.blockSettings),
      'separator',
      entry(trans.__('Rename'), CommandIDs.renameBlock, editable),
      entry(trans.__('Duplicate'), CommandIDs.duplicateBlock, editable),
      {
        label: trans.__('Remove from pipeline…'),
        enabled: editable,
        run: () => void this.remove(block.id)
      }
    ];
  }

  private _addAfter(id: string): void {
    const at = window.document.activeElement?.getBoundingClientRect();
    // The menu this was chosen from must be gone before another opens.
    window.setTimeout(() =>
      this.openAddMenu({ x: (at?.left ?? 0) + 40, y: (at?.top ?? 0) + 40 }, id)
    );
  }

  private _on(command: string, block: string): Promise<unknown> {
    return this._commands.execute(command, {
      path: this.document.path,
      block
    });
  }

  private _name(id: string): string | null {
    return this.document.block(id)?.name ?? null;
  }

  private _try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this._warn(error);
    }
  }

  private _warn(error: unknown): void {
    Notification.warning(
      error instanceof Error ? error.message : String(error),
      { autoClose: 8000 }
    );
  }
}
