import { Notification } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { BasicSelectionModel, DataGrid } from '@lumino/datagrid';
import { MessageLoop } from '@lumino/messaging';
import { Panel, StackedPanel, Widget } from '@lumino/widgets';

import { cellText, fullText, PENDING } from '../ui/cellText';
import { openMenu } from '../ui/menu';
import { CellPanel } from './CellPanel';
import { ColumnList } from './ColumnList';
import { FilterInput } from './FilterInput';
import { Foot } from './Foot';
import { tsv } from './format';
import { FILTER_HEIGHT, HEADER_HEIGHT, ROW_HEIGHT } from './grid';
import type { IGridActions } from './grid';
import { columnHint, columnMenu, downloadMenu } from './menus';
import { nextSort, withFilter } from './query';
import { TableGrid } from './TableGrid';
import type { TableModel } from './TableModel';

/** Rows of a grid under a cell; more are scrolled. */
const INLINE_ROWS = 9;
const SCROLLBAR = 18;
/** The first rows are painted before anything else is asked for. */
const STATISTICS_PAUSE = 150;

export interface ITableViewOptions {
  model: TableModel;
  /** Under a cell: as high as needed; in a tab: as high as there is room. */
  inline: boolean;
  translator: ITranslator;
  openTab?(): void;
  /** Give the focus back to where the table stands. */
  leave?(): void;
}

/** A stored table with all that can be done with it. */
export class TableView extends Panel {
  constructor(private readonly _options: ITableViewOptions) {
    super();
    const { model, inline } = _options;
    this._trans = _options.translator.load('mage_jlab');
    this._model = model;
    this.addClass('mage-Table');
    this.toggleClass('mage-mod-inline', inline);
    // The notebook's own keys (arrows, C, D D …) must not reach its cells.
    this.node.dataset.lmSuppressShortcuts = 'true';
    this.node.setAttribute('role', 'region');

    this._note = new Widget();
    this._note.addClass('mage-Table-note');
    this._note.node.setAttribute('role', 'status');
    this._note.hide();
    this._body = new Panel();
    this._body.addClass('mage-Table-body');
    this._host = new StackedPanel();
    this._host.addClass('mage-Table-host');
    this._panel = new CellPanel(this._trans, () => this._closePanel());
    this._body.addWidget(this._host);
    this._body.addWidget(this._panel);
    this._spoken = new Widget();
    this._spoken.addClass('mage-Table-spoken');
    this._spoken.node.setAttribute('aria-live', 'polite');
    this.addWidget(this._note);
    this.addWidget(this._body);
    this.addWidget(
      new Foot({
        model,
        trans: this._trans,
        actions: {
          toggleFilter: () => this._toggleFilter(),
          columns: anchor => this._openColumns(anchor),
          download: anchor =>
            openMenu(downloadMenu(model, this._trans), anchor),
          openTab: _options.openTab
        }
      })
    );
    this.addWidget(this._spoken);
    if (!inline) {
      model.filterLine = true;
    }
    model.stateChanged.connect(this._onState, this);
    this._onState();
    this._observer = new ResizeObserver(() =>
      MessageLoop.postMessage(this._host, Widget.ResizeMessage.UnknownSize)
    );
  }

  /** The height of the grid under a cell, known before it is drawn. */
  static inlineHeight(rows: number, filterLine = false): number {
    return (
      HEADER_HEIGHT +
      (filterLine ? FILTER_HEIGHT : 0) +
      Math.max(1, Math.min(INLINE_ROWS, rows)) * ROW_HEIGHT +
      SCROLLBAR
    );
  }

  /** Drop the canvases of a table that is out of view; state is kept. */
  park(): void {
    if (this._grid) {
      this._scroll = { x: this._grid.scrollX, y: this._grid.scrollY };
      this._closeFilter();
      this._grid.dispose();
      this._grid = null;
    }
  }

  /** Draw the grid, and ask for statistics once it stands. */
  wake(): void {
    if (this._grid || this.isDisposed) {
      return;
    }
    const grid = (this._grid = new TableGrid(
      this._model,
      {
        nulls: share => this._trans.__('%1 null', share),
        filter: this._trans.__('filter…')
      },
      this._widths,
      this._actions()
    ));
    this._host.addWidget(grid);
    if (this.isAttached) {
      grid.applyTheme();
    }
    grid.scrollTo(this._scroll.x, this._scroll.y);
    this._nameGrid();
    grid.selectionModel?.changed.connect(this._onCursor, this);
    window.setTimeout(() => {
      if (!this.isDisposed) {
        void this._model.loadStatistics();
      }
    }, STATISTICS_PAUSE);
  }

  /** The theme changed. */
  applyTheme(): void {
    this._grid?.applyTheme();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._observer.disconnect();
    this._columns?.dispose();
    this.park();
    this._model.stateChanged.disconnect(this._onState, this);
    super.dispose();
  }

  protected onAfterAttach(): void {
    this._observer.observe(this._host.node);
    this._grid?.applyTheme();
  }

  protected onBeforeDetach(): void {
    this._observer.disconnect();
  }

  private _actions(): IGridActions {
    const model = this._model;
    return {
      sort: (place, also) => {
        if (!model.gone) {
          void model.ask(nextSort(model.query, model.column(place).name, also));
        }
      },
      filter: place => this._openFilter(place),
      open: (row, place) => this._openCell(row, place, true),
      menu: (place, event) =>
        openMenu(
          columnMenu(model, this._trans, place, {
            filter: () => this._openFilter(place),
            copy: this._grid?.selectionModel?.currentSelection()
              ? () => void this._copy(true)
              : null
          }),
          { x: event.clientX, y: event.clientY }
        ),
      copy: () => void this._copy(false),
      hint: hit => this._hint(hit),
      leave: () => this._options.leave?.()
    };
  }

  private _onState(): void {
    const { model, inline } = this._options;
    const trans = this._trans;
    const busy = model.busySince !== null;
    this.node.setAttribute('aria-busy', String(busy));
    this.toggleClass('mage-mod-busy', busy);
    if (model.gone) {
      this._note.node.textContent = trans.__(
        'These rows were kept with the notebook. The stored table is no longer there; run the block again to see all of it.'
      );
    }
    this._note.setHidden(!model.gone);
    if (inline) {
      const height = TableView.inlineHeight(
        model.rowCount('body'),
        model.filterLine
      );
      // A filter that leaves few rows does not make the page jump.
      this._height = Math.max(this._height, height);
      this._host.node.style.height = `${this._height}px`;
    }
    this._nameGrid();
  }

  private _nameGrid(): void {
    const text = this._trans.__(
      'Table of %1 rows and %2 columns. Arrows move, S sorts, F filters, Enter shows the cell, Escape leaves.',
      this._model.rowCount('body'),
      this._model.order.length
    );
    this.node.setAttribute('aria-label', this._trans.__('Table'));
    const viewport = this._grid?.viewport.node;
    viewport?.setAttribute('role', 'application');
    viewport?.setAttribute('aria-label', text);
  }

  /** Say the cell aloud; keep the side panel on it. */
  private _onCursor(selection: BasicSelectionModel | unknown): void {
    const { cursorRow: row, cursorColumn: place } =
      selection as BasicSelectionModel;
    if (row < 0 || place < 0 || place >= this._model.order.length) {
      return;
    }
    const column = this._model.column(place);
    const value = this._model.data('body', row, place);
    this._spoken.node.textContent = `${column.name}, ${row}: ${cellText(value, column)}`;
    if (this._panel.isVisible) {
      this._openCell(row, place, false);
    }
  }

  private _hint(hit: DataGrid.HitTestResult): string {
    if (hit.region === 'column-header' && hit.row === 0) {
      return columnHint(this._model, this._trans, hit.column);
    }
    if (hit.region === 'column-header') {
      return this._trans.__('Type to filter: text, = 5, > 5, null');
    }
    return '';
  }

  private _toggleFilter(): void {
    const model = this._model;
    model.filterLine = !model.filterLine;
    if (model.filterLine) {
      this._openFilter(
        Math.max(0, this._grid?.selectionModel?.cursorColumn ?? 0)
      );
    } else {
      this._closeFilter();
      if (model.query.filter.length) {
        void model.ask({ ...model.query, filter: [] });
      }
    }
  }

  private _openFilter(place: number): void {
    const { _model: model, _grid: grid } = this;
    if (!grid || model.gone || !model.order.length) {
      return;
    }
    this._closeFilter();
    model.filterLine = true;
    const column = model.column(place);
    grid.scrollToColumn(place);
    const statistics = model.statistics(column);
    const field = (this._filter = new FilterInput({
      column,
      filter: model.query.filter.find(item => item.column === column.name),
      values:
        column.kind === 'text'
          ? (statistics?.bins ?? []).map(bin => bin.label)
          : [],
      trans: this._trans,
      onFilter: filter =>
        void model.ask(withFilter(model.query, column.name, filter)),
      onClose: () => {
        const inside = field.node.contains(document.activeElement);
        this._closeFilter();
        if (inside) {
          grid.viewport.node.focus();
        }
      },
      onStep: by => {
        const count = model.order.length;
        this._openFilter((place + by + count) % count);
      }
    }));
    const box = grid.headerBox(place);
    const style = field.node.style;
    const width = Math.max(box.width, 170);
    style.left = `${Math.max(0, Math.min(box.left, grid.node.offsetWidth - width))}px`;
    style.top = `${box.top}px`;
    style.width = `${width}px`;
    style.height = `${FILTER_HEIGHT}px`;
    Widget.attach(field, this._host.node);
    field.focus();
  }

  private _closeFilter(): void {
    const field = this._filter;
    this._filter = null;
    // Removing it takes its focus away, which would close it once more.
    field?.dispose();
  }

  private _openCell(row: number, place: number, focus: boolean): void {
    const model = this._model;
    if (row >= model.rowCount('body') || place >= model.order.length) {
      return;
    }
    const column = model.column(place);
    const value = model.data('body', row, place);
    const text = value === PENDING ? '…' : fullText(value);
    const clipped = model.isClipped(row, place);
    this._panel.setText(
      this._trans.__('%1, row %2', column.name, row),
      text,
      clipped && model.gone
        ? this._trans.__('The text is longer; its rest is no longer stored.')
        : ''
    );
    if (clipped && !model.gone) {
      void this._loadCell(row, place);
    }
    if (focus) {
      this._panel.focus();
    }
  }

  private async _loadCell(row: number, place: number): Promise<void> {
    const title = this._trans.__(
      '%1, row %2',
      this._model.column(place).name,
      row
    );
    try {
      const value = await this._model.whole(row, place);
      const cursor = this._grid?.selectionModel;
      if (
        this._panel.isVisible &&
        (!cursor ||
          cursor.cursorRow < 0 ||
          (cursor.cursorRow === row && cursor.cursorColumn === place))
      ) {
        this._panel.setText(title, fullText(value));
      }
    } catch {
      this._panel.setText(
        title,
        fullText(this._model.data('body', row, place)),
        this._trans.__(
          'The text is longer; download the table to have it whole.'
        )
      );
    }
  }

  private _closePanel(): void {
    this._panel.hide();
    this._grid?.viewport.node.focus();
  }

  private async _copy(headers: boolean): Promise<void> {
    const selection = this._grid?.selectionModel?.currentSelection();
    if (!selection) {
      return;
    }
    const [r1, r2] = [selection.r1, selection.r2].sort((a, b) => a - b);
    const [c1, c2] = [selection.c1, selection.c2].sort((a, b) => a - b);
    const trans = this._trans;
    try {
      const rows = await this._model.cells(
        r1,
        c1,
        Math.min(r2, this._model.rowCount('body') - 1),
        c2
      );
      const names = this._model.order
        .slice(c1, c2 + 1)
        .map(index => this._model.columns[index].name);
      await navigator.clipboard.writeText(
        tsv(headers ? [names, ...rows] : rows)
      );
      this._spoken.node.textContent = trans.__('Copied');
    } catch (error) {
      Notification.warning(
        error instanceof RangeError
          ? trans.__(
              'This is too much to copy. Select fewer cells, or download the table.'
            )
          : trans.__('The cells could not be copied: %1', String(error)),
        { autoClose: 6000 }
      );
    }
  }

  private _openColumns(anchor: Element): void {
    if (this._columns && !this._columns.isDisposed) {
      this._columns.dispose();
      return;
    }
    this._columns = new ColumnList(this._model, this._trans);
    this._columns.open(anchor);
  }

  private readonly _trans: TranslationBundle;
  private readonly _model: TableModel;
  private readonly _note: Widget;
  private readonly _body: Panel;
  private readonly _host: StackedPanel;
  private readonly _panel: CellPanel;
  private readonly _spoken: Widget;
  private readonly _observer: ResizeObserver;
  private readonly _widths = new Map<string, number>();
  private _grid: TableGrid | null = null;
  private _filter: FilterInput | null = null;
  private _columns: ColumnList | null = null;
  private _scroll = { x: 0, y: 0 };
  private _height = 0;
}
