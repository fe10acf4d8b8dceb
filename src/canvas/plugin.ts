import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { canvasIcon } from '../icons';
import { IPipelineDocuments, type IPipelineDocument } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { CanvasPanel } from './CanvasPanel';
import { reveal, setShare, shareOf } from './docking';

type CanvasTab = MainAreaWidget<CanvasPanel>;

const STATE = 'mage-jlab:canvas';
const SHARE = 0.4;

/** What is remembered of canvases. */
interface IMemory {
  /** Whether a pipeline opens with its canvas. */
  open: boolean;
  /** Part of the width that the canvas has beside its notebook. */
  share: number;
}

/** Opens, places and remembers the canvases: one for each open pipeline. */
class Canvases {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _documents: IPipelineDocuments,
    private readonly _state: IStateDB | null,
    private readonly _translator: ITranslator
  ) {
    this._trans = _translator.load('mage_jlab');
    _documents.opened.connect((_, document) => this._onOpened(document));
    _documents.currentChanged.connect((_, document) => this._follow(document));
  }

  readonly tracker = new WidgetTracker<CanvasTab>({
    namespace: 'mage-canvas'
  });

  get current(): CanvasPanel | null {
    return this.tracker.currentWidget?.content ?? null;
  }

  /** Open the canvas of a pipeline, or the one that is used now. */
  async open(path: string | null, activate = true): Promise<CanvasTab | null> {
    const wanted = path ?? this._documents.current?.path ?? null;
    if (!wanted) {
      return null;
    }
    const old = this.tracker.find(tab => tab.content.path === wanted);
    if (old) {
      if (activate) {
        this._app.shell.activateById(old.id);
      } else {
        this._follow(this._documents.current);
      }
      return old;
    }
    const tab = this._create(wanted);
    await this.tracker.add(tab);
    this._place(tab, activate);
    void this._remember({ open: true });
    return tab;
  }

  private _create(path: string): CanvasTab {
    const content = new CanvasPanel({
      path,
      documents: this._documents,
      commands: this._app.commands,
      settings: this._app.serviceManager.serverSettings,
      translator: this._translator
    });
    const tab: CanvasTab = new MainAreaWidget({ content });
    tab.id = `mage-canvas-${++this._count}`;
    tab.title.icon = canvasIcon;
    tab.title.closable = true;
    tab.title.label ||= this._trans.__('Canvas');
    content.title.changed.connect(() => void this.tracker.save(tab));
    this._watchShare(tab);
    // Closed by its button while its notebook stays: it is not wanted.
    tab.disposed.connect(() => {
      if (this._documents.find(path) && !this._leaving) {
        void this._remember({ open: false });
      }
    });
    return tab;
  }

  private _place(tab: CanvasTab, activate: boolean): void {
    const { shell } = this._app;
    const panel = tab.content.document?.panel;
    const neighbour = this.tracker.find(
      other => other !== tab && other.isAttached
    );
    if (neighbour) {
      shell.add(tab, 'main', {
        ref: neighbour.id,
        mode: 'tab-after',
        activate
      });
      if (!activate && panel?.isVisible) {
        reveal(tab, panel);
      }
      return;
    }
    shell.add(
      tab,
      'main',
      panel ? { ref: panel.id, mode: 'split-right', activate } : { activate }
    );
    if (panel) {
      window.requestAnimationFrame(() => {
        void this._memory().then(({ share }) => {
          if (!tab.isDisposed) {
            setShare(panel, tab, share);
          }
        });
      });
    }
  }

  /** Remember the split when the person moves it. */
  private _watchShare(tab: CanvasTab): void {
    let timer = 0;
    const observer = new ResizeObserver(() => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const panel = tab.content.document?.panel;
        const share = panel && shareOf(panel, tab);
        if (share) {
          void this._remember({ share });
        }
      }, 500);
    });
    observer.observe(tab.node);
    tab.disposed.connect(() => {
      window.clearTimeout(timer);
      observer.disconnect();
    });
  }

  /** A pipeline opens with its canvas, unless that was closed the last time. */
  private _onOpened(document: IPipelineDocument): void {
    document.disposed.connect(() => this._onClosed(document.path));
    void Promise.all([
      this._app.restored,
      document.panel.revealed,
      this._memory()
    ]).then(([, , { open }]) => {
      if (open && !document.isDisposed) {
        void this.open(document.path, false);
      }
    });
  }

  /** The canvas goes with its notebook. */
  private _onClosed(path: string): void {
    const tab = this.tracker.find(other => other.content.path === path);
    if (tab && this._app.shell) {
      this._leaving = true;
      tab.dispose();
      this._leaving = false;
    }
  }

  private _follow(document: IPipelineDocument | null): void {
    const tab =
      document &&
      this.tracker.find(other => other.content.path === document.path);
    if (tab && document) {
      reveal(tab, document.panel);
    }
  }

  private async _memory(): Promise<IMemory> {
    const saved = (await this._state?.fetch(STATE)) as
      Partial<IMemory> | undefined;
    const share = saved?.share ?? SHARE;
    return {
      open: saved?.open ?? true,
      share: share > 0.1 && share < 0.9 ? share : SHARE
    };
  }

  private async _remember(change: Partial<IMemory>): Promise<void> {
    const memory = await this._memory();
    await this._state?.save(STATE, { ...memory, ...change });
  }

  private readonly _trans: TranslationBundle;
  private _count = 0;
  private _leaving = false;
}

const canvas: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:canvas',
  description: 'Shows the graph of a pipeline beside its notebook.',
  autoStart: true,
  requires: [IPipelineDocuments],
  optional: [ILayoutRestorer, ICommandPalette, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    documents: IPipelineDocuments,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const canvases = new Canvases(
      app,
      documents,
      state,
      translator ?? nullTranslator
    );
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const { commands } = app;
    commands.addCommand(CommandIDs.openCanvas, {
      label: trans.__('Show Canvas'),
      caption: trans.__('Show the graph of the pipeline beside its notebook'),
      icon: canvasIcon,
      describedBy: argsSchema({ path: 'string', activate: 'boolean' }),
      isEnabled: args =>
        typeof args.path === 'string' || documents.current !== null,
      execute: args =>
        canvases.open(
          typeof args.path === 'string' ? args.path : null,
          args.activate !== false
        )
    });
    commands.addCommand(CommandIDs.canvasUndo, {
      label: trans.__('Undo on Canvas'),
      describedBy: argsSchema(),
      isEnabled: () => canvases.current?.document?.canUndo === true,
      execute: () => canvases.current?.actions?.undo()
    });
    commands.addCommand(CommandIDs.canvasRedo, {
      label: trans.__('Redo on Canvas'),
      describedBy: argsSchema(),
      isEnabled: () => canvases.current?.document?.canRedo === true,
      execute: () => canvases.current?.actions?.redo()
    });
    const selector = '.mage-Canvas';
    for (const [command, keys] of [
      [CommandIDs.canvasUndo, 'Accel Z'],
      [CommandIDs.canvasRedo, 'Accel Shift Z'],
      [CommandIDs.canvasRedo, 'Accel Y']
    ]) {
      commands.addKeyBinding({ command, keys: [keys], selector });
    }
    palette?.addItem({
      command: CommandIDs.openCanvas,
      category: trans.__('Mage')
    });
    void restorer?.restore(canvases.tracker, {
      command: CommandIDs.openCanvas,
      args: tab => ({ path: tab.content.path, activate: false }),
      name: tab => tab.content.path
    });
  }
};

export default canvas;
