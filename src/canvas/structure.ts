/** From the blocks of a pipeline to cards and lines. Pure. */
import type { IBlock } from '../tokens';
import { reachable } from '../model/order';
import type { ILayoutEdge, ILayoutNode } from '../ui/graph/layout';

export const CARD_WIDTH = 216;
const CARD = 64;
/** With a few rows of its data. */
const CARD_WITH_DATA = 124;
const SMALL_WIDTH = 196;
const SMALL = 28;

/** Types that hang on other blocks instead of standing in the flow. */
const HANGING = new Set(['callback', 'conditional', 'chart', 'extension']);
/** Types that as a rule hand on a table. */
const GIVING = new Set([
  'data_loader',
  'transformer',
  'custom',
  'dbt',
  'global_data_product'
]);

export interface ICard extends ILayoutNode {
  block: IBlock;
  /** Shown small, under the block it belongs to. */
  small: boolean;
  /** Has room for a few rows. */
  data: boolean;
}

export interface ILine extends ILayoutEdge {
  id: string;
  /** Belongs to a hanging card rather than to the flow. */
  hanging: boolean;
}

export interface IStructure {
  cards: ICard[];
  lines: ILine[];
}

export function lineId(source: string, target: string): string {
  return `${source} → ${target}`;
}

export function isHanging(block: IBlock): boolean {
  return HANGING.has(block.type) || HANGING.has(block.role);
}

/** Cards and lines of the blocks, in the notebook's order. */
export function structureOf(blocks: readonly IBlock[]): IStructure {
  const known = new Map(blocks.map(block => [block.id, block]));
  const hosts = new Map<string, string>();
  for (const block of blocks) {
    if (isHanging(block)) {
      const host = block.upstream.find(id => {
        const found = known.get(id);
        return found && !isHanging(found);
      });
      if (host) {
        hosts.set(block.id, host);
      }
    }
  }
  const cards = blocks.map<ICard>(block => {
    const small = isHanging(block);
    const data = !small && GIVING.has(block.type);
    return {
      id: block.id,
      block,
      small,
      data,
      host: hosts.get(block.id) ?? null,
      width: small ? SMALL_WIDTH : CARD_WIDTH,
      height: small ? SMALL : data ? CARD_WITH_DATA : CARD
    };
  });
  const lines: ILine[] = [];
  for (const block of blocks) {
    const hanging = isHanging(block);
    for (const source of new Set(block.upstream)) {
      // Under its host a small card needs no line.
      if (known.has(source) && hosts.get(block.id) !== source) {
        lines.push({
          id: lineId(source, block.id),
          source,
          target: block.id,
          hanging
        });
      }
    }
  }
  return { cards, lines };
}

/** The blocks that may take the data of `id` without closing a circle. */
export function possibleTargets(
  blocks: readonly IBlock[],
  id: string
): IBlock[] {
  const before = reachable(
    [id],
    new Map(blocks.map(block => [block.id, block.upstream]))
  );
  return blocks.filter(
    block => !before.has(block.id) && !block.upstream.includes(id)
  );
}

/** Whether two blocks would be drawn alike. */
export function sameBlock(a: IBlock, b: IBlock): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
