import type { RunMode } from '../tokens';
import { downstreamOf, ordered, reachable, type Upstream } from './order';

/** What of a block matters for what runs, and in which order. */
export interface IPlanned {
  id: string;
  type: string;
  role: string;
  upstream: readonly string[];
  /** Whether mage-jlab can run it at all. */
  runnable: boolean;
  /** Not run yet, failed, or out of date. */
  stale: boolean;
}

/** Drafts and notes run only when somebody runs just them. */
const ALONE = new Set(['scratchpad', 'markdown', 'callback', 'conditional']);

/**
 * The blocks a run of `mode` executes, each after what it depends on.
 *
 * Charts come last: they show what the steps made.
 */
export function runPlan(
  mode: RunMode,
  blocks: readonly IPlanned[],
  block?: string
): string[] {
  const upstream: Upstream = new Map(
    blocks.map(item => [item.id, item.upstream])
  );
  const chosen = choose(mode, blocks, upstream, block);
  const byId = new Map(blocks.map(item => [item.id, item]));
  const listed = blocks.map(item => item.id).filter(id => chosen.has(id));
  const sorted = ordered(listed, upstream);
  const charts = sorted.filter(id => byId.get(id)?.type === 'chart');
  const steps = sorted.filter(id => byId.get(id)?.type !== 'chart');
  return [...steps, ...charts].filter(
    id => byId.get(id)?.runnable || id === block
  );
}

function choose(
  mode: RunMode,
  blocks: readonly IPlanned[],
  upstream: Upstream,
  block: string | undefined
): Set<string> {
  const together = blocks.filter(
    item => item.role !== 'extension' && !ALONE.has(item.type)
  );
  const ids = new Set(together.map(item => item.id));
  const withBlock = (found: Set<string>): Set<string> =>
    new Set([...found].filter(id => ids.has(id) || id === block));
  switch (mode) {
    case 'block':
    case 'tests':
      return new Set(block ? [block] : []);
    case 'with-upstream':
      return withBlock(reachable(block ? [block] : [], upstream));
    case 'from-here':
      return withBlock(reachable(block ? [block] : [], downstreamOf(upstream)));
    case 'all':
      return ids;
    case 'stale': {
      const stale = together.filter(item => item.stale).map(item => item.id);
      return withBlock(reachable(stale, downstreamOf(upstream)));
    }
  }
}
