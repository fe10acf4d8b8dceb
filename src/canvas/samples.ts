import type { IRows } from '../api/types';

/** Rows shown on a card. */
export const SAMPLE_ROWS = 3;

type Load = (block: string, version: string, output: string) => Promise<IRows>;

/**
 * The first rows of blocks' tables, for their cards: two requests at a time,
 * the last few hundred answers kept, nothing asked for twice.
 */
export class Samples {
  constructor(
    private readonly _load: Load,
    private readonly _maximum = 300,
    private readonly _parallel = 2
  ) {}

  /** What is known already; null when there is nothing to be had. */
  peek(
    block: string,
    version: string,
    output: string
  ): IRows | null | undefined {
    return this._known.get(`${block}\n${version}\n${output}`);
  }

  /** Ask for a sample; `cancelled` is looked at before the request goes out. */
  async get(
    block: string,
    version: string,
    output: string,
    cancelled: () => boolean
  ): Promise<IRows | null> {
    const key = `${block}\n${version}\n${output}`;
    await this._turn();
    try {
      if (cancelled()) {
        return null;
      }
      let rows = this._known.get(key);
      if (rows === undefined) {
        rows = await this._load(block, version, output).catch(() => null);
        // What is not there yet may come: it is asked for again.
        if (rows) {
          this._keep(key, rows);
        }
      }
      return rows;
    } finally {
      this._running -= 1;
      this._waiting.shift()?.();
    }
  }

  private async _turn(): Promise<void> {
    if (this._running >= this._parallel) {
      await new Promise<void>(resolve => this._waiting.push(resolve));
    }
    this._running += 1;
  }

  private _keep(key: string, rows: IRows | null): void {
    this._known.set(key, rows);
    if (this._known.size > this._maximum) {
      const oldest = this._known.keys().next().value;
      if (oldest !== undefined) {
        this._known.delete(oldest);
      }
    }
  }

  private readonly _known = new Map<string, IRows | null>();
  private readonly _waiting: (() => void)[] = [];
  private _running = 0;
}
