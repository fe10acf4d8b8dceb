/** Windows of rows, as many as are worth keeping. Knows no network. */

export interface IPageCacheOptions {
  /** Fetch the rows of a page; rejects when aborted. */
  load(page: number, signal: AbortSignal): Promise<unknown[][]>;
  /** A page arrived. */
  onPage(page: number): void;
  onError(error: unknown): void;
  pageSize?: number;
  /** Pages kept; the longest unused one goes first. */
  maximum?: number;
  /** Requests under way at a time. */
  parallel?: number;
  /** Milliseconds in which wishes are gathered: a fling asks for its end only. */
  patience?: number;
}

interface IPage {
  rows: unknown[][];
  used: number;
}

/**
 * Rows by number, fetched by page. What is not wanted any more is aborted,
 * what has not been looked at for longest is dropped.
 */
export class PageCache {
  constructor(options: IPageCacheOptions) {
    this._options = options;
    this.pageSize = options.pageSize ?? 100;
    this._maximum = options.maximum ?? 60;
    this._parallel = options.parallel ?? 2;
    this._patience = options.patience ?? 40;
  }

  readonly pageSize: number;

  /** Pages held. */
  get size(): number {
    return this._pages.size;
  }

  /** Whether requests are under way or about to be made. */
  get busy(): boolean {
    return this._loading.size > 0 || this._timer !== null;
  }

  /** Rows that are known without asking; may end in the middle of a page. */
  seed(rows: unknown[][]): void {
    this._seed = rows;
  }

  /** A row that is here, or undefined. */
  row(index: number): unknown[] | undefined {
    const page = this._pages.get(Math.floor(index / this.pageSize));
    if (page) {
      page.used = ++this._tick;
      return page.rows[index % this.pageSize];
    }
    return this._seed[index];
  }

  /** The rows from `first` to `last` (both included) are looked at. */
  want(first: number, last: number): void {
    this._first = Math.max(0, first);
    this._last = last;
    if (this._timer === null && !this._disposed) {
      this._timer = setTimeout(() => {
        this._timer = null;
        this._flush();
      }, this._patience);
    }
  }

  /** Forget everything and abort what is under way. */
  clear(): void {
    if (this._timer !== null) {
      clearTimeout(this._timer);
      this._timer = null;
    }
    for (const controller of this._loading.values()) {
      controller.abort();
    }
    this._loading.clear();
    this._pages.clear();
    this._seed = [];
  }

  dispose(): void {
    this._disposed = true;
    this.clear();
  }

  private _flush(): void {
    const wanted = this._wanted();
    for (const [page, controller] of this._loading) {
      if (!wanted.includes(page)) {
        controller.abort();
        this._loading.delete(page);
      }
    }
    for (const page of wanted) {
      if (this._loading.size >= this._parallel) {
        return;
      }
      if (!this._pages.has(page) && !this._loading.has(page)) {
        void this._load(page);
      }
    }
  }

  /** Pages in view that are not here yet or under way. */
  private _wanted(): number[] {
    const pages: number[] = [];
    const end = Math.floor(this._last / this.pageSize);
    for (
      let page = Math.floor(this._first / this.pageSize);
      page <= end;
      page++
    ) {
      const last = Math.min(this._last, (page + 1) * this.pageSize - 1);
      if (!this._pages.has(page) && last >= this._seed.length) {
        pages.push(page);
      }
    }
    return pages;
  }

  private async _load(page: number): Promise<void> {
    const controller = new AbortController();
    this._loading.set(page, controller);
    try {
      const rows = await this._options.load(page, controller.signal);
      if (controller.signal.aborted) {
        return;
      }
      this._loading.delete(page);
      this._pages.set(page, { rows, used: ++this._tick });
      this._evict();
      this._options.onPage(page);
      this._flush();
    } catch (error) {
      if (!controller.signal.aborted) {
        this._loading.delete(page);
        this._options.onError(error);
      }
    }
  }

  private _evict(): void {
    while (this._pages.size > this._maximum) {
      let oldest = -1;
      let least = Infinity;
      for (const [page, { used }] of this._pages) {
        if (used < least) {
          least = used;
          oldest = page;
        }
      }
      this._pages.delete(oldest);
    }
  }

  private readonly _options: IPageCacheOptions;
  private readonly _maximum: number;
  private readonly _parallel: number;
  private readonly _patience: number;
  private readonly _pages = new Map<number, IPage>();
  private readonly _loading = new Map<number, AbortController>();
  private _seed: unknown[][] = [];
  private _timer: ReturnType<typeof setTimeout> | null = null;
  private _tick = 0;
  private _first = 0;
  private _last = -1;
  private _disposed = false;
}
