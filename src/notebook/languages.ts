import type { Cell } from '@jupyterlab/cells';

import { blockOfCell } from '../model/cells';

const MIME_TYPES: Record<string, string> = {
  sql: 'text/x-sql',
  r: 'text/x-rsrc',
  yaml: 'text/x-yaml',
  markdown: 'text/x-ipythongfm',
  python: 'text/x-ipython'
};

/**
 * Keep the editor of a block in the block's language.
 *
 * JupyterLab gives all code cells the language of the kernel, again on each
 * change of the kernel.
 */
export function keepLanguage(cell: Cell): void {
  const apply = (): void => {
    const block = blockOfCell(cell);
    if (!block || cell.isDisposed || cell.model.type !== 'code') {
      return;
    }
    const wanted = MIME_TYPES[block.language];
    if (!wanted) {
      return;
    }
    const given = cell.model.mimeType;
    if (block.language === 'python' && /python/.test(given)) {
      return;
    }
    if (given !== wanted) {
      cell.model.mimeType = wanted;
    }
  };
  cell.model.mimeTypeChanged.connect(apply);
  cell.model.metadataChanged.connect(apply);
  apply();
}
