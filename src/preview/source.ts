import { ServerConnection } from '@jupyterlab/services';

import { apiUrl, request } from '../api/request';
import type { IProduct, IRows, IStatistics } from '../api/types';
import type { IProductAddress } from './payload';
import { queryParameters, type ITableQuery } from './query';

/** A stored table, wherever its rows come from. */
export interface ITableSource {
  /** A window of rows; `whole` asks for long cells uncut. */
  rows(
    offset: number,
    limit: number,
    query: ITableQuery,
    signal: AbortSignal,
    whole?: boolean
  ): Promise<IRows>;
  statistics(signal: AbortSignal): Promise<IStatistics>;
  /** `safe` disarms cells that a spreadsheet would take for formulas. */
  downloadUrl(
    format: 'csv' | 'parquet',
    query: ITableQuery,
    safe?: boolean
  ): string;
}

/** The product store of the server. */
export class ProductSource implements ITableSource {
  constructor(
    readonly address: IProductAddress,
    private readonly _settings: ServerConnection.ISettings
  ) {}

  rows(
    offset: number,
    limit: number,
    query: ITableQuery,
    signal: AbortSignal,
    whole = false
  ): Promise<IRows> {
    return request<IRows>(
      [...this._path(), 'rows'],
      {
        query: {
          ...this._where(),
          offset,
          limit,
          whole: whole ? 1 : undefined,
          ...queryParameters(query)
        },
        signal
      },
      this._settings
    );
  }

  statistics(signal: AbortSignal): Promise<IStatistics> {
    return request<IStatistics>(
      [...this._path(), 'statistics'],
      { query: this._where(), signal },
      this._settings
    );
  }

  downloadUrl(
    format: 'csv' | 'parquet',
    query: ITableQuery,
    safe = false
  ): string {
    return apiUrl(
      [...this._path(), 'download'],
      {
        ...this._where(),
        format,
        safe: safe ? 1 : undefined,
        ...queryParameters(query)
      },
      this._settings
    );
  }

  /** Where the bytes of an output that is no table are. */
  contentUrl(): string {
    return apiUrl([...this._path(), 'content'], this._where(), this._settings);
  }

  private _path(): string[] {
    const { project, pipeline, block, output } = this.address;
    return ['products', project, pipeline, block, output];
  }

  private _where(): { scope: string; version: string | null } {
    return { scope: this.address.scope, version: this.address.version };
  }
}

/** The manifest of a product: its outputs and versions. */
export function fetchProduct(
  address: Omit<IProductAddress, 'output'>,
  settings: ServerConnection.ISettings,
  signal?: AbortSignal
): Promise<IProduct> {
  return request<IProduct>(
    ['products', address.project, address.pipeline, address.block],
    { query: { scope: address.scope, version: address.version }, signal },
    settings
  );
}
