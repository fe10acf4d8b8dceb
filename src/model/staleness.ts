import { ordered, type Upstream } from './order';
import { sha256 } from './sha256';

/** What a block was when it last completed. */
export interface ICompletion {
  state: string;
  version?: string;
  /** Hash of the source that ran. */
  codeHash?: string;
}

/** The hash of a block's source as the kernel computes it. */
export function codeHash(source: string): string {
  return sha256(source.replace(/\r\n/g, '\n').replace(/\n+$/, ''));
}

/**
 * The completed blocks whose result no longer says what a run would make:
 * the code changed, or what they depend on is newer or itself out of date.
 */
export function staleBlocks(
  upstream: Upstream,
  completions: ReadonlyMap<string, ICompletion>,
  hashOf: (id: string) => string
): Set<string> {
  const stale = new Set<string>();
  for (const id of ordered([...upstream.keys()], upstream)) {
    const own = completions.get(id);
    if (own?.state !== 'completed') {
      continue;
    }
    if (own.codeHash && own.codeHash !== hashOf(id)) {
      stale.add(id);
      continue;
    }
    const newer = (upstream.get(id) ?? []).some(parent => {
      const above = completions.get(parent);
      return (
        stale.has(parent) ||
        (!!above?.version && !!own.version && above.version > own.version)
      );
    });
    if (newer) {
      stale.add(id);
    }
  }
  return stale;
}
