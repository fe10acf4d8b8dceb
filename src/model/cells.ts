import type { Cell, ICellModel } from '@jupyterlab/cells';

import type { IBlockMetadata } from './blockIds';

/** The shared model of a cell. */
export type SharedCell = ICellModel['sharedModel'];

/** Key of the cell metadata that makes a cell a block. */
export const BLOCK_KEY = 'mage';

/** Key of the last run's outcome that the server puts beside it. */
export const STATE_KEY = 'mage_state';

/** The block metadata of a cell; null when it has none that can be read. */
export function blockOf(cell: SharedCell): IBlockMetadata | null {
  const value = cell.getMetadata(BLOCK_KEY) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return null;
  }
  const data = value as Partial<IBlockMetadata>;
  if (typeof data.uuid !== 'string' || !data.uuid) {
    return null;
  }
  return {
    ...data,
    uuid: data.uuid,
    name: typeof data.name === 'string' && data.name ? data.name : data.uuid,
    type: typeof data.type === 'string' ? data.type : 'custom',
    language: typeof data.language === 'string' ? data.language : 'python',
    role: typeof data.role === 'string' ? data.role : 'block',
    upstream: Array.isArray(data.upstream)
      ? data.upstream.filter(item => typeof item === 'string')
      : []
  };
}

/** The block metadata of a cell's widget. */
export function blockOfCell(cell: Cell): IBlockMetadata | null {
  return cell.isDisposed ? null : blockOf(cell.model.sharedModel);
}

/** Write the block metadata of a cell. */
export function setBlock(cell: SharedCell, block: IBlockMetadata): void {
  cell.setMetadata(BLOCK_KEY, block as never);
}
