import { CellRenderer, type GraphicsContext } from '@lumino/datagrid';

import type { IColumn } from '../api/types';
import { shareText } from './format';
import { HEADER_HEIGHT, type IGridTheme } from './grid';
import { headerFacts } from './headerFacts';
import { filterText } from './query';
import type { TableModel } from './TableModel';

const PADDING = 8;
const BARS_HEIGHT = 14;

/** A column's kind in a sign or two. */
export function kindSign(kind: string): string {
  return { number: '#', text: 'Aa', time: '◷', boolean: '✓' }[kind] ?? '{}';
}

export interface IHeaderWords {
  /** "{share} null". */
  nulls(share: string): string;
  /** In an empty filter cell. */
  filter: string;
}

/** Headers: name, kind and order; nulls and distribution; the filter line. */
export class HeaderRenderer extends CellRenderer {
  constructor(
    private readonly _model: TableModel,
    private readonly _theme: IGridTheme,
    private readonly _words: IHeaderWords
  ) {
    super();
  }

  paint(gc: GraphicsContext, config: CellRenderer.CellConfig): void {
    const column = this._model.column(config.column);
    gc.textBaseline = 'middle';
    if (config.row === 1) {
      this._paintFilter(gc, config, column);
      return;
    }
    this._paintName(gc, config, column);
    this._paintFacts(gc, config, column);
  }

  private _paintName(
    gc: GraphicsContext,
    config: CellRenderer.CellConfig,
    column: IColumn
  ): void {
    const theme = this._theme;
    const y = config.y + 14;
    let left = config.x + PADDING;
    let right = config.x + config.width - PADDING;
    const order = this._order(column);
    if (order) {
      gc.font = theme.headerFont;
      gc.fillStyle = theme.accent;
      gc.textAlign = 'right';
      gc.fillText(order, right, y);
      right -= gc.measureText(order).width + 4;
    }
    gc.font = theme.smallFont;
    gc.fillStyle = theme.faint;
    gc.textAlign = 'left';
    const sign = kindSign(column.kind);
    gc.fillText(sign, left, y);
    left += gc.measureText(sign).width + 5;
    gc.font = theme.headerFont;
    gc.fillStyle = theme.text;
    gc.fillText(elide(gc, column.name, right - left), left, y);
  }

  private _paintFacts(
    gc: GraphicsContext,
    config: CellRenderer.CellConfig,
    column: IColumn
  ): void {
    const theme = this._theme;
    const statistics = this._model.statistics(column);
    const nulls = statistics?.nulls ?? column.nulls;
    const rows = statistics
      ? statistics.count + statistics.nulls
      : this._model.stored;
    const base = config.y + HEADER_HEIGHT - 7;
    const left = config.x + PADDING;
    const bins = statistics?.bins ?? [];
    const known = nulls !== null && nulls !== undefined;
    const text = known ? this._words.nulls(shareText(nulls, rows)) : '';
    gc.font = theme.smallFont;
    const facts = headerFacts(
      config.width - 2 * PADDING,
      gc.measureText(text).width,
      bins.length > 1,
      !!nulls
    );
    if (facts.bars > 0) {
      const most = Math.max(...bins.map(bin => bin.count), 1);
      const step = facts.bars / bins.length;
      gc.fillStyle = theme.bar;
      bins.forEach((bin, index) => {
        const height = bin.count
          ? Math.max(1, Math.round((bin.count / most) * BARS_HEIGHT))
          : 0;
        gc.fillRect(
          left + index * step,
          base - height,
          Math.max(1, step - 1),
          height
        );
      });
    }
    if (facts.share !== undefined) {
      gc.fillStyle = theme.faint;
      gc.textAlign = 'left';
      gc.fillText(text, left + facts.share, base - 5);
    }
  }

  private _paintFilter(
    gc: GraphicsContext,
    config: CellRenderer.CellConfig,
    column: IColumn
  ): void {
    const theme = this._theme;
    const filter = this._model.query.filter.find(
      item => item.column === column.name
    );
    gc.font = theme.smallFont;
    gc.textAlign = 'left';
    gc.fillStyle = filter ? theme.accent : theme.faint;
    gc.fillText(
      elide(
        gc,
        filter ? filterText(filter) : this._words.filter,
        config.width - 2 * PADDING
      ),
      config.x + PADDING,
      config.y + config.height / 2
    );
  }

  /** `▲`, `▼`, with a number when there are several. */
  private _order(column: IColumn): string {
    const sort = this._model.query.sort;
    const at = sort.findIndex(item => item.column === column.name);
    if (at < 0) {
      return '';
    }
    const arrow = sort[at].direction === 'asc' ? '▲' : '▼';
    return sort.length > 1 ? `${arrow}${at + 1}` : arrow;
  }
}

/** Cut a text to a width, with an ellipsis. */
function elide(gc: GraphicsContext, text: string, width: number): string {
  if (width <= 0) {
    return '';
  }
  if (gc.measureText(text).width <= width) {
    return text;
  }
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (gc.measureText(`${text.slice(0, middle)}…`).width <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low ? `${text.slice(0, low)}…` : '';
}
