import * as React from 'react';

import type { IBlock, IPipelineDocument } from '../tokens';
import { sameBlock } from './structure';

export interface IDocumentView {
  blocks: readonly IBlock[];
  active: string | null;
  /** Goes up with every change: undo and redo may have become possible. */
  revision: number;
}

/**
 * The document as React sees it. Nothing is held but what it said last; blocks
 * that did not change keep their identity, so that their cards are not redrawn.
 */
export function useDocument(document: IPipelineDocument): IDocumentView {
  const [view, setView] = React.useState<IDocumentView>(() => ({
    blocks: document.blocks,
    active: document.activeBlock,
    revision: 0
  }));
  React.useEffect(() => {
    let frame = 0;
    const read = () => {
      frame = 0;
      setView(old => ({
        blocks: reuse(old.blocks, document.blocks),
        active: document.activeBlock,
        revision: old.revision + 1
      }));
    };
    // Many steps may report in one frame; one look at the document is enough.
    const later = () => {
      frame = frame || window.requestAnimationFrame(read);
    };
    const onActive = () =>
      setView(old => ({ ...old, active: document.activeBlock }));
    document.changed.connect(later);
    document.statusChanged.connect(later);
    document.activeChanged.connect(onActive);
    read();
    return () => {
      window.cancelAnimationFrame(frame);
      document.changed.disconnect(later);
      document.statusChanged.disconnect(later);
      document.activeChanged.disconnect(onActive);
    };
  }, [document]);
  return view;
}

/** The new blocks, as the old objects where they are alike. */
export function reuse(
  old: readonly IBlock[],
  now: readonly IBlock[]
): readonly IBlock[] {
  const known = new Map(old.map(block => [block.id, block]));
  let changed = old.length !== now.length;
  const blocks = now.map((block, index) => {
    const before = known.get(block.id);
    const kept = before && sameBlock(before, block) ? before : block;
    changed = changed || kept !== old[index];
    return kept;
  });
  return changed ? blocks : old;
}
