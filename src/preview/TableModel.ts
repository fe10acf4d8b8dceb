import { DataModel } from '@lumino/datagrid';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { ApiError } from '../api/request';
import type { IColumn, IColumnStatistics, IRows } from '../api/types';
import { PENDING } from '../ui/cellText';
import { PageCache } from './cache';
import { EVERYTHING, type ITableQuery } from './query';
import type { ITableSource } from './source';

/** Rows that were stored with the notebook. */
export interface IFirstPage {
  columns: IColumn[];
  rows: unknown[][];
  /** Rows of the whole table. */
  total: number;
  /** Columns of the whole table; as many as are listed when left out. */
  width?: number;
}

/** Cells of the first page are cut at this length. */
const CLIP = 300;
/** Cells that may be copied at a time. */
const COPY_LIMIT = 500_000;
const COPY_WINDOW = 1000;

/**
 * A stored table as the grid sees it: rows by number, columns in the person's
 * order, one sort and filter. Rows come by window; nothing is kept for long.
 */
export class TableModel extends DataModel implements IDisposable {
  constructor(
    readonly source: ITableSource,
    first: IFirstPage | null
  ) {
    super();
    this._first = first;
    this._columns = first?.columns ?? [];
    this._order = this._columns.map((_, index) => index);
    this._stored = this._total = first?.total ?? 0;
    this._cache = this._newCache(EVERYTHING);
    if (first) {
      this._cache.seed(first.rows);
    }
  }

  /** Anything but cells changed: counts, query, columns, statistics, faults. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** All columns, as stored. */
  get columns(): readonly IColumn[] {
    return this._columns;
  }

  /** Indices of the shown columns in their order. */
  get order(): readonly number[] {
    return this._order;
  }

  /** Rows that fit the filter. */
  get total(): number {
    return this._total;
  }

  /** Rows of the whole table. */
  get stored(): number {
    return this._stored;
  }

  /** Columns of the whole table; very wide ones are shown in part. */
  get width(): number {
    const first = this._first;
    return Math.max(
      first?.width ?? first?.columns.length ?? 0,
      this._columns.length
    );
  }

  get query(): ITableQuery {
    return this._query;
  }

  /** Since when a new order or filter is being computed. */
  get busySince(): number | null {
    return this._busySince;
  }

  /** The product is no longer there: only the first page is left. */
  get gone(): boolean {
    return this._gone;
  }

  /** What went wrong last, in a sentence. */
  get error(): string | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  statistics(column: IColumn): IColumnStatistics | undefined {
    return this._statistics.get(column.name);
  }

  /** Rows the statistics were taken over. */
  get statisticsRows(): number {
    return this._statisticsRows;
  }

  /** Show the filter line under the headers. */
  get filterLine(): boolean {
    return this._filterLine;
  }

  set filterLine(value: boolean) {
    if (value !== this._filterLine) {
      this._filterLine = value;
      this.emitChanged({ type: 'model-reset' });
      this._stateChanged.emit();
    }
  }

  /** The column shown at a place of the grid. */
  column(place: number): IColumn {
    return this._columns[this._order[place]];
  }

  /** Show these columns (indices into `columns`) in this order. */
  arrange(order: readonly number[]): void {
    this._order = order.filter(
      (index, place) =>
        index >= 0 &&
        index < this._columns.length &&
        order.indexOf(index) === place
    );
    this.emitChanged({ type: 'model-reset' });
    this._stateChanged.emit();
  }

  rowCount(region: DataModel.RowRegion): number {
    if (region === 'column-header') {
      return this._filterLine ? 2 : 1;
    }
    return this._gone ? (this._first?.rows.length ?? 0) : this._total;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'row-header' ? 1 : this._order.length;
  }

  data(region: DataModel.CellRegion, row: number, place: number): unknown {
    if (region === 'body') {
      const index = this._order[place];
      const cells = this._cache.row(row);
      // The first page carries fewer columns than a very wide table has.
      return cells && index < cells.length ? cells[index] : PENDING;
    }
    if (region === 'row-header') {
      return row;
    }
    if (region === 'column-header') {
      return this.column(place).name;
    }
    return '';
  }

  /** Tell which rows are in view, so that they are fetched. */
  look(first: number, last: number): void {
    if (!this._gone && this._total > 0) {
      this._cache.want(
        Math.min(first, this._total - 1),
        Math.min(last, this._total - 1)
      );
    }
  }

  /** Fetch the statistics, once. */
  async loadStatistics(): Promise<void> {
    if (this._statisticsAsked || this._gone) {
      return;
    }
    this._statisticsAsked = true;
    try {
      const answer = await this.source.statistics(this._life.signal);
      this._statisticsRows = answer.rows;
      for (const column of answer.columns) {
        this._statistics.set(column.name, column);
      }
      this._emitHeaders();
      this._stateChanged.emit();
    } catch (error) {
      this._fail(error, true);
    }
  }

  /** Fetch the first window of the query now shown (a table without a first page). */
  load(): Promise<void> {
    return this.ask(this._query);
  }

  /**
   * Sort or filter. What is shown stays until the answer is here; a newer
   * question replaces an unanswered one.
   */
  async ask(query: ITableQuery): Promise<void> {
    this._asking?.abort();
    const asking = (this._asking = new AbortController());
    this._query = query;
    this._busySince = Date.now();
    this._error = null;
    this._emitHeaders();
    this._stateChanged.emit();
    const cache = this._newCache(query);
    try {
      const answer = await this.source.rows(
        0,
        cache.pageSize,
        query,
        asking.signal
      );
      if (asking.signal.aborted || this._disposed) {
        return;
      }
      this._cache.dispose();
      this._cache = cache;
      this._shown = query;
      this._markClipped(answer);
      cache.seed(answer.rows);
      this._adopt(answer);
      this.emitChanged({ type: 'model-reset' });
    } catch (error) {
      cache.dispose();
      if (asking.signal.aborted || this._disposed) {
        return;
      }
      this._query = this._shown;
      this._fail(error);
    }
    this._asking = null;
    this._busySince = null;
    this._emitHeaders();
    this._stateChanged.emit();
  }

  /** Give up the question under way and return to what is shown. */
  cancel(): void {
    this._asking?.abort();
    this._asking = null;
    this._busySince = null;
    this._query = this._shown;
    this._emitHeaders();
    this._stateChanged.emit();
  }

  /** The cells of a rectangle of the grid, fetched where they are not here. */
  async cells(
    r1: number,
    c1: number,
    r2: number,
    c2: number
  ): Promise<unknown[][]> {
    const places = this._order.slice(c1, c2 + 1);
    if ((r2 - r1 + 1) * places.length > COPY_LIMIT) {
      throw new RangeError('too many cells');
    }
    const out: unknown[][] = [];
    for (let row = r1; row <= r2;) {
      const here = this._cache.row(row);
      if (here && places.every(index => index < here.length)) {
        out.push(places.map(index => here[index]));
        row += 1;
        continue;
      }
      const window = await this.source.rows(
        row,
        Math.min(COPY_WINDOW, r2 - row + 1),
        this._query,
        this._life.signal
      );
      if (!window.rows.length) {
        break;
      }
      for (const cells of window.rows) {
        out.push(places.map(index => cells[index]));
      }
      row += window.rows.length;
    }
    return out;
  }

  /** Whether the grid holds only the beginning of a cell. */
  isClipped(row: number, place: number): boolean {
    const cells = this._cache.row(row);
    const index = this._order[place];
    const value = cells?.[index];
    return (
      !!cells &&
      (this._clipped.get(cells)?.has(index) ??
        (typeof value === 'string' && value.length >= CLIP))
    );
  }

  /** All of a cell. */
  async whole(row: number, place: number): Promise<unknown> {
    const answer = await this.source.rows(
      row,
      1,
      this._shown,
      this._life.signal,
      true
    );
    return answer.rows[0]?.[this._order[place]];
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._asking?.abort();
      this._life.abort();
      this._cache.dispose();
      Signal.clearData(this);
    }
  }

  private _newCache(query: ITableQuery): PageCache {
    const cache: PageCache = new PageCache({
      load: async (page, signal) => {
        const answer = await this.source.rows(
          page * cache.pageSize,
          cache.pageSize,
          query,
          signal
        );
        if (!signal.aborted) {
          this._markClipped(answer);
          this._recount(answer);
        }
        return answer.rows;
      },
      onPage: page => {
        const row = page * cache.pageSize;
        const rowSpan = Math.min(cache.pageSize, this._total - row);
        if (rowSpan > 0 && this._order.length) {
          this.emitChanged({
            type: 'cells-changed',
            region: 'body',
            row,
            column: 0,
            rowSpan,
            columnSpan: this._order.length
          });
        }
      },
      onError: error => this._fail(error)
    });
    return cache;
  }

  /** Take columns and counts from an answer. */
  private _adopt(answer: IRows): void {
    const same =
      answer.columns.length === this._columns.length &&
      answer.columns.every(
        (column, index) => column.name === this._columns[index].name
      );
    if (!same) {
      this._columns = answer.columns;
      this._order = answer.columns.map((_, index) => index);
    }
    this._total = answer.total;
    this._stored = answer.stored;
    this._gone = false;
  }

  private _markClipped(answer: IRows): void {
    for (const cells of answer.rows) {
      this._clipped.set(cells, new Set());
    }
    for (const [row, column] of answer.clipped) {
      this._clipped.get(answer.rows[row])?.add(column);
    }
  }

  /** The table turned out to be longer or shorter than was thought. */
  private _recount(answer: IRows): void {
    if (
      answer.total !== this._total ||
      answer.columns.length !== this._columns.length
    ) {
      this._adopt(answer);
      this.emitChanged({ type: 'model-reset' });
      this._stateChanged.emit();
    }
  }

  private _fail(error: unknown, quiet = false): void {
    if (this._disposed) {
      return;
    }
    if (error instanceof ApiError && error.status === 404) {
      this._gone = true;
      this._query = this._shown = EVERYTHING;
      this._cache.dispose();
      this._cache = this._newCache(EVERYTHING);
      this._cache.seed(this._first?.rows ?? []);
      this.emitChanged({ type: 'model-reset' });
    } else if (!quiet) {
      this._error = error instanceof Error ? error.message : String(error);
    }
    this._stateChanged.emit();
  }

  private _emitHeaders(): void {
    if (this._order.length) {
      this.emitChanged({
        type: 'cells-changed',
        region: 'column-header',
        row: 0,
        column: 0,
        rowSpan: this.rowCount('column-header'),
        columnSpan: this._order.length
      });
    }
  }

  private readonly _first: IFirstPage | null;
  private readonly _life = new AbortController();
  /** Columns whose cells are cut, by row. */
  private readonly _clipped = new WeakMap<unknown[], Set<number>>();
  private readonly _statistics = new Map<string, IColumnStatistics>();
  private readonly _stateChanged = new Signal<this, void>(this);
  private _columns: IColumn[];
  private _order: number[];
  private _total: number;
  private _stored: number;
  /** What is asked for, and what the rows in the grid answer. */
  private _query: ITableQuery = EVERYTHING;
  private _shown: ITableQuery = EVERYTHING;
  private _cache: PageCache;
  private _asking: AbortController | null = null;
  private _busySince: number | null = null;
  private _gone = false;
  private _error: string | null = null;
  private _statisticsAsked = false;
  private _statisticsRows = 0;
  private _filterLine = false;
  private _disposed = false;
}
