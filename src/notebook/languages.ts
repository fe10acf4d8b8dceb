import type { Cell } from '@jupyterlab/cells';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { KernelSpec } from '@jupyterlab/services';

import { blockOfCell } from '../model/cells';

const MIME_TYPES: Record<string, string> = {
  sql: 'text/x-sql',
  r: 'text/x-rsrc',
  yaml: 'text/x-yaml',
  markdown: 'text/x-ipythongfm',
  python: 'text/x-ipython'
};

/** Languages that Mage has; blocks of every type may be written in them. */
export const LANGUAGES: readonly string[] = ['python', 'sql', 'r'];

/** Types of blocks that may be written in the language of any installed kernel. */
const ANY_LANGUAGE = new Set(['custom', 'scratchpad']);

/** The languages in which blocks of a type can be written here. */
export function languagesFor(
  type: string,
  specs: KernelSpec.ISpecModels | null
): string[] {
  if (!ANY_LANGUAGE.has(type)) {
    return [...LANGUAGES];
  }
  const installed = Object.values(specs?.kernelspecs ?? {}).map(spec =>
    (spec?.language ?? '').toLowerCase()
  );
  return [...new Set([...LANGUAGES, ...installed.sort()])].filter(Boolean);
}

/** The media type by which editors know a language. */
export function mimeTypeOf(
  language: string,
  registry: IEditorLanguageRegistry | null
): string | null {
  const known = MIME_TYPES[language];
  if (known) {
    return known;
  }
  const name = language === 'bash' ? 'shell' : language;
  const mime = registry?.findByName(name)?.mime;
  return (Array.isArray(mime) ? mime[0] : (mime as string | undefined)) ?? null;
}

/**
 * Keep the editor of a block in the block's language.
 *
 * JupyterLab gives all code cells the language of the kernel, again on each
 * change of the kernel.
 */
export function keepLanguage(
  cell: Cell,
  registry: IEditorLanguageRegistry | null
): void {
  const apply = (): void => {
    const block = blockOfCell(cell);
    if (!block || cell.isDisposed || cell.model.type !== 'code') {
      return;
    }
    const wanted = mimeTypeOf(block.language, registry);
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
