import type { INotebookModel } from '@jupyterlab/notebook';

import { assignments, type IBlockMetadata } from './blockIds';
import { blockOf, setBlock, STATE_KEY } from './cells';
import { circle, type Upstream } from './order';
import { slug } from './slug';

type SharedNotebook = INotebookModel['sharedModel'];

/** A block, and the place of its cell. */
interface IPlaced {
  index: number;
  data: IBlockMetadata;
}

/** The blocks of a pipeline as its cells say; read once after each change. */
export class Structure {
  constructor(private readonly _shared: SharedNotebook) {}

  /** All blocks in the order of the cells. */
  get list(): readonly IBlockMetadata[] {
    return this._look().list;
  }

  get(id: string): IBlockMetadata | undefined {
    return this._look().byId.get(id)?.data;
  }

  /** Index of the block's cell, or -1. */
  index(id: string): number {
    return this._look().byId.get(id)?.index ?? -1;
  }

  ids(): Set<string> {
    return new Set(this._look().byId.keys());
  }

  upstream(): Upstream {
    return new Map(this.list.map(data => [data.uuid, data.upstream] as const));
  }

  /** The circle that a block's new upstream blocks would close, by names. */
  circle(id: string, upstream: readonly string[]): string[] | null {
    const others = new Map(this.upstream());
    others.set(id, []);
    for (const source of upstream) {
      const path = circle(others, source, id);
      if (path) {
        return path.map(item => this.get(item)?.name ?? item);
      }
    }
    return null;
  }

  /** The cells changed: read them again. */
  forget(): void {
    this._read = null;
  }

  /** Make every cell one block and no two the same; undo does not see it. */
  assign(pipeline: string): void {
    const cells = this._shared.cells;
    const facts = cells.map(cell => {
      const block = blockOf(cell);
      return {
        kind: cell.cell_type as 'code' | 'markdown' | 'raw',
        block,
        empty: !cell.getSource().trim(),
        original: !!block && cell.getId() === slug(block.uuid)
      };
    });
    const given = assignments(facts, pipeline);
    if (given.size) {
      this._shared.transact(() => {
        for (const [index, block] of given) {
          cells[index].deleteMetadata(STATE_KEY);
          setBlock(cells[index], block);
        }
      }, false);
    }
  }

  /** Make an edit one undoable step, apart from the steps before and after. */
  edit(work: (shared: SharedNotebook) => void): void {
    const history = (
      this._shared as { undoManager?: { stopCapturing?(): void } }
    ).undoManager;
    history?.stopCapturing?.();
    this._shared.transact(() => work(this._shared), true);
    history?.stopCapturing?.();
  }

  private _look(): { list: IBlockMetadata[]; byId: Map<string, IPlaced> } {
    if (!this._read) {
      const list: IBlockMetadata[] = [];
      const byId = new Map<string, IPlaced>();
      this._shared.cells.forEach((cell, index) => {
        const data = blockOf(cell);
        if (data) {
          list.push(data);
          if (!byId.has(data.uuid)) {
            byId.set(data.uuid, { index, data });
          }
        }
      });
      this._read = { list, byId };
    }
    return this._read;
  }

  private _read: { list: IBlockMetadata[]; byId: Map<string, IPlaced> } | null =
    null;
}
