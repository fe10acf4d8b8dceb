import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ServerConnection } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

import { parsePayload, PREVIEW_MIME, type ITablePayload } from './payload';
import type { IProductAddress } from './payload';
import type { TableModel } from './TableModel';
import type { TableView } from './TableView';

/** Tables farther from the view than this hold no canvas. */
const NEAR = '800px';
/** Height of the line under a grid. */
const FOOT = 30;
const ROW = 24;
const HEAD = 64;
const MOST_ROWS = 9;

export interface IPreviewRendererOptions {
  settings: ServerConnection.ISettings;
  translator: ITranslator;
  themeChanged: ISignal<unknown, unknown> | null;
  openProduct(address: IProductAddress): void;
}

/** A table under a cell. Its grid is drawn when it comes near the view. */
export class PreviewRenderer extends Panel implements IRenderMime.IRenderer {
  constructor(private readonly _options: IPreviewRendererOptions) {
    super();
    this.addClass('mage-Preview');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._clear();
    const payload = parsePayload(model.data[PREVIEW_MIME]);
    if (!payload) {
      const note = new Widget();
      note.node.textContent = this._options.translator
        .load('mage_jlab')
        .__('This preview cannot be read; run the block again.');
      this.addWidget(note);
      return;
    }
    this._payload = payload;
    // The room is kept, so that the page does not jump when the grid comes.
    const rows = Math.max(1, Math.min(MOST_ROWS, payload.rows));
    this.node.style.minHeight = `${HEAD + rows * ROW + FOOT}px`;
    this._watch();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._observer?.disconnect();
      this._clear();
      super.dispose();
    }
  }

  protected onAfterAttach(): void {
    this._watch();
  }

  protected onBeforeDetach(): void {
    this._observer?.disconnect();
    this._observer = null;
  }

  private _watch(): void {
    if (this._observer || !this.isAttached || !this._payload) {
      return;
    }
    const root = this.node.closest('.jp-WindowedPanel-outer, .jp-Notebook');
    this._observer = new IntersectionObserver(
      entries => {
        const near = entries[entries.length - 1].isIntersecting;
        if (near) {
          void this._show();
        } else {
          this._view?.park();
        }
      },
      { root, rootMargin: NEAR }
    );
    this._observer.observe(this.node);
  }

  private async _show(): Promise<void> {
    const payload = this._payload;
    if (!payload || this._view?.isDisposed) {
      return;
    }
    if (!this._view) {
      // The grid's code is fetched with the first table.
      const parts = await import('./parts');
      if (this.isDisposed || this._view || this._payload !== payload) {
        return;
      }
      const { settings, translator, themeChanged, openProduct } = this._options;
      const source = new parts.ProductSource(payload.address, settings);
      this._model = new parts.TableModel(source, {
        columns: payload.columns,
        rows: payload.page,
        total: payload.rows,
        width: payload.width
      });
      this._view = new parts.TableView({
        model: this._model,
        inline: true,
        translator,
        openTab: () => openProduct(payload.address),
        leave: () => this._leave()
      });
      themeChanged?.connect(this._view.applyTheme, this._view);
      this.addWidget(this._view);
      this.node.style.minHeight = '';
    }
    this._view.wake();
  }

  /** Back to the cell, as the notebook's Escape does. */
  private _leave(): void {
    this.node.closest<HTMLElement>('.jp-Notebook, .jp-Cell')?.focus();
  }

  private _clear(): void {
    this._view?.dispose();
    this._model?.dispose();
    this._view = this._model = this._payload = null;
    for (const widget of [...this.widgets]) {
      widget.dispose();
    }
  }

  private _observer: IntersectionObserver | null = null;
  private _payload: ITablePayload | null = null;
  private _model: TableModel | null = null;
  private _view: TableView | null = null;
}
