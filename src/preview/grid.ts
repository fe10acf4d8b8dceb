/** How the grid looks and listens: theme, pointer, keys. */
import {
  BasicKeyHandler,
  BasicMouseHandler,
  DataGrid,
  TextRenderer,
  type CellRenderer
} from '@lumino/datagrid';

import { cellText, PENDING } from '../ui/cellText';
import type { TableModel } from './TableModel';

export const ROW_HEIGHT = 24;
export const HEADER_HEIGHT = 46;
export const FILTER_HEIGHT = 26;
/** Resize handles of the grid reach this far into a header. */
const HANDLE = 6;
/** Wheel events closer than this belong to one gesture. */
const GESTURE = 220;

/** Colours and fonts of the theme as a canvas needs them: resolved. */
export interface IGridTheme {
  font: string;
  headerFont: string;
  smallFont: string;
  text: string;
  faint: string;
  accent: string;
  bar: string;
  background: string;
  header: string;
  line: string;
  selection: string;
}

export function readTheme(node: HTMLElement): IGridTheme {
  const style = getComputedStyle(node);
  const value = (name: string, fallback: string) =>
    style.getPropertyValue(name).trim() || fallback;
  const family = value('--jp-ui-font-family', 'sans-serif');
  const size = value('--jp-ui-font-size1', '13px');
  const small = value('--jp-ui-font-size0', '11px');
  const accent = value('--jp-brand-color1', '#1976d2');
  return {
    font: `${size} ${family}`,
    headerFont: `600 ${size} ${family}`,
    smallFont: `${small} ${family}`,
    text: value('--jp-ui-font-color1', '#000'),
    faint: value('--jp-ui-font-color2', '#777'),
    accent,
    bar: value('--jp-border-color0', '#bdbdbd'),
    background: value('--jp-layout-color0', '#fff'),
    header: value('--jp-layout-color1', '#f5f5f5'),
    line: value('--jp-border-color2', '#e0e0e0'),
    selection: translucent(accent, 0.14)
  };
}

/** A colour of the theme, thinned; canvases know no `color-mix` of old. */
function translucent(color: string, alpha: number): string {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color)?.[1];
  if (!hex) {
    return `rgba(33, 150, 243, ${alpha})`;
  }
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
  const [r, g, b] = [0, 2, 4].map(at => parseInt(full.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

export function gridStyle(theme: IGridTheme): DataGrid.Style {
  return {
    ...DataGrid.defaultStyle,
    voidColor: theme.background,
    backgroundColor: theme.background,
    gridLineColor: theme.line,
    headerBackgroundColor: theme.header,
    headerGridLineColor: theme.line,
    selectionFillColor: theme.selection,
    selectionBorderColor: theme.accent,
    cursorFillColor: 'rgba(0, 0, 0, 0)',
    cursorBorderColor: theme.accent,
    headerSelectionFillColor: theme.selection,
    headerSelectionBorderColor: 'rgba(0, 0, 0, 0)'
  };
}

/** Cells of the body: numbers right, null as a grey word. */
export function bodyRenderer(
  model: TableModel,
  theme: IGridTheme
): TextRenderer {
  const kind = (config: CellRenderer.CellConfig) =>
    model.column(config.column).kind;
  return new TextRenderer({
    font: theme.font,
    textColor: config =>
      config.value === null ||
      config.value === undefined ||
      config.value === PENDING
        ? theme.faint
        : theme.text,
    horizontalAlignment: config =>
      kind(config) === 'number' ? 'right' : 'left',
    format: config => cellText(config.value, model.column(config.column)),
    elideDirection: 'right'
  });
}

/** Numbers of the rows. */
export function rowRenderer(theme: IGridTheme): TextRenderer {
  return new TextRenderer({
    font: theme.smallFont,
    textColor: theme.faint,
    horizontalAlignment: 'right',
    format: config => String(config.value)
  });
}

/** Which part of a header a hit is on. */
export function onHandle(hit: DataGrid.HitTestResult): boolean {
  return (hit.column > 0 && hit.x <= HANDLE) || hit.width - hit.x <= HANDLE;
}

export interface IGridActions {
  sort(place: number, also: boolean): void;
  filter(place: number): void;
  open(row: number, place: number): void;
  menu(place: number, event: MouseEvent): void;
  copy(): void;
  /** Text for the pointer's place; empty for none. */
  hint(hit: DataGrid.HitTestResult): string;
  leave(): void;
}

/** Clicks on headers sort, double clicks on cells open; wheels are shared. */
export class GridMouse extends BasicMouseHandler {
  constructor(private readonly _actions: IGridActions) {
    super();
  }

  onMouseDown(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    if (hit.region === 'column-header' && !onHandle(hit)) {
      // Sorting happens when the button goes up on the same header.
      this._pressed = event.button === 0 ? hit : null;
      return;
    }
    // Heights of rows and headers are ours.
    if (hit.region === 'row-header' && hit.height - hit.y <= HANDLE) {
      return;
    }
    super.onMouseDown(grid, event);
  }

  onMouseUp(grid: DataGrid, event: MouseEvent): void {
    const pressed = this._pressed;
    this._pressed = null;
    if (!pressed) {
      super.onMouseUp(grid, event);
      return;
    }
    const hit = grid.hitTest(event.clientX, event.clientY);
    if (hit.region === 'column-header' && hit.column === pressed.column) {
      if (pressed.row === 1) {
        this._actions.filter(hit.column);
      } else {
        this._actions.sort(hit.column, event.shiftKey);
      }
    }
  }

  onMouseHover(grid: DataGrid, event: MouseEvent): void {
    super.onMouseHover(grid, event);
    const hit = grid.hitTest(event.clientX, event.clientY);
    const node = grid.viewport.node;
    if (hit.region === 'column-header' && !onHandle(hit)) {
      node.style.cursor = hit.row === 1 ? 'text' : 'pointer';
    } else if (node.style.cursor === 'ns-resize') {
      node.style.cursor = '';
    }
    const hint = this._actions.hint(hit);
    if (node.title !== hint) {
      node.title = hint;
    }
  }

  onMouseDoubleClick(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    if (hit.region === 'body') {
      this.release();
      this._actions.open(hit.row, hit.column);
    } else if (hit.region === 'column-header' && onHandle(hit)) {
      super.onMouseDoubleClick(grid, event);
    }
  }

  onContextMenu(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    if (hit.region === 'column-header') {
      event.preventDefault();
      event.stopPropagation();
      this._actions.menu(hit.column, event);
    }
  }

  /** A page that is being scrolled scrolls on when the grid comes along. */
  onWheel(grid: DataGrid, event: WheelEvent): void {
    if (!wheels.belongsTo(grid.node)) {
      return;
    }
    super.onWheel(grid, event);
  }

  private _pressed: DataGrid.HitTestResult | null = null;
}

/** Where the present wheel gesture began. */
class WheelWatch {
  constructor() {
    document.addEventListener(
      'wheel',
      event => {
        const now = event.timeStamp;
        if (now - this._last > GESTURE) {
          this._began = event.target as Node | null;
        }
        this._last = now;
      },
      { capture: true, passive: true }
    );
  }

  belongsTo(node: Node): boolean {
    return this._began !== null && node.contains(this._began);
  }

  private _began: Node | null = null;
  private _last = -Infinity;
}

const wheels = new WheelWatch();

/** Keys of the grid; Tab leaves it, Escape gives the focus back. */
export class GridKeys extends BasicKeyHandler {
  constructor(
    private readonly _model: TableModel,
    private readonly _actions: IGridActions
  ) {
    super();
  }

  onKeyDown(grid: DataGrid, event: KeyboardEvent): void {
    const cursor = grid.selectionModel;
    const place = Math.max(0, cursor?.cursorColumn ?? 0);
    const row = Math.max(0, cursor?.cursorRow ?? 0);
    const accel = event.ctrlKey || event.metaKey;
    if (event.key === 'Tab') {
      return;
    }
    if (event.key === 'Enter') {
      this._actions.open(row, place);
    } else if (event.key === 'Escape') {
      if (cursor && !cursor.isEmpty) {
        cursor.clear();
      } else {
        this._actions.leave();
      }
    } else if (accel && event.key.toLowerCase() === 'c') {
      this._actions.copy();
    } else if (accel && event.key.toLowerCase() === 'a') {
      cursor?.select({
        r1: 0,
        c1: 0,
        r2: this._model.rowCount('body') - 1,
        c2: this._model.columnCount('body') - 1,
        cursorRow: row,
        cursorColumn: place,
        clear: 'all'
      });
    } else if (!accel && (event.key === '/' || event.key === 'f')) {
      this._actions.filter(place);
    } else if (!accel && event.key.toLowerCase() === 's') {
      this._actions.sort(place, event.shiftKey);
    } else {
      super.onKeyDown(grid, event);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
