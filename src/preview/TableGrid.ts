import {
  BasicSelectionModel,
  DataGrid,
  type DataModel
} from '@lumino/datagrid';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { cellText, PENDING } from '../ui/cellText';
import {
  bodyRenderer,
  FILTER_HEIGHT,
  GridKeys,
  GridMouse,
  gridStyle,
  HEADER_HEIGHT,
  readTheme,
  ROW_HEIGHT,
  rowRenderer,
  type IGridActions
} from './grid';
import { HeaderRenderer, kindSign, type IHeaderWords } from './HeaderRenderer';
import type { TableModel } from './TableModel';

const NARROWEST = 72;
const WIDEST = 280;
/** Room for padding, kind sign and sort arrow. */
const HEADER_ROOM = 52;
const CELL_ROOM = 20;
/** Rows beside those in view that are fetched along. */
const AHEAD = 30;
/** Columns and rows that are measured for their width. */
const MEASURED_COLUMNS = 200;
const MEASURED_ROWS = 30;

/** The canvas grid over a table; keeps column widths, asks for rows in view. */
export class TableGrid extends DataGrid {
  constructor(
    private readonly _model: TableModel,
    private readonly _words: IHeaderWords,
    private readonly _widths: Map<string, number>,
    actions: IGridActions
  ) {
    super({
      defaultSizes: {
        rowHeight: ROW_HEIGHT,
        columnWidth: 120,
        rowHeaderWidth: 40,
        columnHeaderHeight: HEADER_HEIGHT
      },
      minimumSizes: {
        rowHeight: ROW_HEIGHT,
        columnWidth: 40,
        rowHeaderWidth: 24,
        columnHeaderHeight: FILTER_HEIGHT
      },
      headerVisibility: 'all'
    });
    this.addClass('mage-Table-grid');
    copyOncePerRegion(this);
    this.viewport.node.tabIndex = 0;
    // Before and after the grid's own: it forgets all sizes on a reset.
    _model.changed.connect(this._keepWidths, this);
    this.dataModel = _model;
    _model.changed.connect(this._afterReset, this);
    this.selectionModel = new BasicSelectionModel({ dataModel: _model });
    this.keyHandler = new GridKeys(_model, actions);
    this.mouseHandler = new GridMouse(actions);
    this.copyConfig = { ...DataGrid.defaultCopyConfig, headers: 'none' };
  }

  /** Take colours and fonts from where the grid is attached. */
  applyTheme(): void {
    const theme = readTheme(this.node);
    this.style = gridStyle(theme);
    this.cellRenderers.update({
      body: bodyRenderer(this._model, theme),
      'row-header': rowRenderer(theme),
      'column-header': new HeaderRenderer(this._model, theme, this._words)
    });
    this._applySizes();
  }

  /** Where a header cell is, relative to the grid. */
  headerBox(place: number): { left: number; top: number; width: number } {
    return {
      left: this.headerWidth + this.columnOffset('body', place) - this.scrollX,
      top: HEADER_HEIGHT,
      width: this.columnSize('body', place)
    };
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._rememberWidths();
      this._model.changed.disconnect(this._keepWidths, this);
      this._model.changed.disconnect(this._afterReset, this);
      super.dispose();
    }
  }

  protected paintContent(rx: number, ry: number, rw: number, rh: number): void {
    super.paintContent(rx, ry, rw, rh);
    const top = this.scrollY;
    const bottom = Math.min(top + this.pageHeight, this.bodyHeight - 1);
    if (bottom >= top) {
      this._model.look(
        this.rowAt('body', top) - AHEAD / 2,
        this.rowAt('body', bottom) + AHEAD
      );
    }
  }

  private _keepWidths(_: DataModel, args: DataModel.ChangedArgs): void {
    if (args.type === 'model-reset') {
      this._rememberWidths();
    }
  }

  private _afterReset(_: DataModel, args: DataModel.ChangedArgs): void {
    const arrived =
      !this._fitted &&
      args.type === 'cells-changed' &&
      args.region === 'body' &&
      args.row === 0;
    if (args.type === 'model-reset' || arrived) {
      this._applySizes();
    }
  }

  /** Whether there are cells to take widths from. */
  private get _filled(): boolean {
    return (
      this._model.order.length > 0 &&
      this._model.rowCount('body') > 0 &&
      this._model.data('body', 0, 0) !== PENDING
    );
  }

  private _rememberWidths(): void {
    if (!this._fitted) {
      return;
    }
    this._placed.forEach((name, place) => {
      if (place < this.columnCount('body')) {
        this._widths.set(name, this.columnSize('body', place));
      }
    });
  }

  private _applySizes(): void {
    if (this._model.filterLine) {
      this.columnHeaderSections.resize(1, FILTER_HEIGHT);
    }
    const columns = this._model.order.length;
    const filled = this._filled;
    this._fitted ||= filled;
    this._placed = [];
    const theme = readTheme(this.node);
    const pen = document.createElement('canvas').getContext('2d');
    for (let place = 0; place < columns; place++) {
      const { name } = this._model.column(place);
      let width = this._widths.get(name);
      if (width === undefined && pen && place < MEASURED_COLUMNS) {
        width = this._measure(pen, place, theme.headerFont, theme.font);
        if (filled) {
          this._widths.set(name, width);
        }
      }
      if (width !== undefined) {
        this.columnSections.resize(place, width);
      }
      this._placed.push(name);
    }
    if (pen) {
      pen.font = theme.smallFont;
      const most = String(Math.max(0, this._model.rowCount('body') - 1));
      this.rowHeaderSections.resize(
        0,
        Math.ceil(pen.measureText(most).width) + CELL_ROOM
      );
    }
    // One repaint for all: `resizeColumn` would paint once for each.
    MessageLoop.sendMessage(this, Widget.ResizeMessage.UnknownSize);
    this.repaintContent();
    this.repaintOverlay();
  }

  private _measure(
    pen: CanvasRenderingContext2D,
    place: number,
    headerFont: string,
    font: string
  ): number {
    const column = this._model.column(place);
    pen.font = headerFont;
    let width = pen.measureText(column.name).width + HEADER_ROOM;
    width += pen.measureText(kindSign(column.kind)).width / 2;
    pen.font = font;
    const rows = Math.min(MEASURED_ROWS, this._model.rowCount('body'));
    for (let row = 0; row < rows; row++) {
      const text = cellText(this._model.data('body', row, place), column);
      width = Math.max(width, pen.measureText(text).width + CELL_ROOM);
    }
    return Math.ceil(Math.min(WIDEST, Math.max(NARROWEST, width)));
  }

  /** Widths were taken from cells: from now on they are the person's. */
  private _fitted = false;
  /** Names of the columns as they stand in the grid now. */
  private _placed: string[] = [];
}

type Blit = (
  source: HTMLCanvasElement,
  x: number,
  y: number,
  width: number,
  height: number,
  dx: number,
  dy: number
) => void;

/** The two methods of the grid that `copyOncePerRegion` steps between. */
interface IPainter {
  _drawCells?: (...region: unknown[]) => void;
  _blitContent?: Blit;
}

/**
 * The grid draws into a buffer and copies each cell to the screen by itself.
 * Each copy takes a picture of the whole buffer: with no graphics card a screen
 * of cells takes more than a second. The cells of a region lie side by side, so
 * one copy of them all shows the same.
 */
function copyOncePerRegion(grid: DataGrid): void {
  const painter = grid as unknown as IPainter;
  const draw = painter._drawCells;
  const blit = painter._blitContent;
  if (!draw || !blit) {
    return;
  }
  let parts: Parameters<Blit>[] | null = null;
  painter._blitContent = (...part) => {
    if (parts) {
      parts.push(part);
    } else {
      blit.apply(grid, part);
    }
  };
  painter._drawCells = (...region) => {
    parts = [];
    let drawn: Parameters<Blit>[] = [];
    try {
      draw.apply(grid, region);
    } finally {
      drawn = parts;
      parts = null;
    }
    if (drawn.length) {
      const source = drawn[0][0];
      const left = Math.min(...drawn.map(part => part[1]));
      const top = Math.min(...drawn.map(part => part[2]));
      const width = Math.max(...drawn.map(part => part[1] + part[3])) - left;
      const height = Math.max(...drawn.map(part => part[2] + part[4])) - top;
      blit.call(grid, source, left, top, width, height, left, top);
    }
  };
}
