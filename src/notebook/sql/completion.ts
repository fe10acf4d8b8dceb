import {
  type CompletionHandler,
  type ICompletionContext,
  type ICompletionProvider,
  type ICompletionProviderManager
} from '@jupyterlab/completer';
import type { TranslationBundle } from '@jupyterlab/translation';

import { blockOfCell } from '../../model/cells';
import type { IBlockMetadata } from '../../model/blockIds';
import type { PipelineDocuments } from '../../model/documents';
import type { PipelineDocument } from '../../model/pipelineDocument';
import { dialectOf, suggest } from './statement';
import type { Tables } from './tables';

const KERNEL_PROVIDER = 'CompletionProvider:kernel';

interface IPlace {
  document: PipelineDocument;
  block: IBlockMetadata;
}

/** The block that is being edited, when it is one of an open pipeline. */
function placeOf(
  documents: PipelineDocuments,
  context: ICompletionContext
): IPlace | null {
  const document = documents.all.find(one => one.panel === context.widget);
  const cell = document?.panel.content.widgets.find(
    one => one.editor === context.editor
  );
  const block = cell ? blockOfCell(cell) : null;
  return document && block ? { document, block } : null;
}

/** Completes tables, columns and keywords in SQL blocks. */
class SqlProvider implements ICompletionProvider {
  readonly identifier = 'CompletionProvider:mage-sql';
  readonly renderer = null;
  readonly rank = 900;

  constructor(
    private readonly _documents: PipelineDocuments,
    private readonly _tables: Tables,
    private readonly _trans: TranslationBundle
  ) {}

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return placeOf(this._documents, context) !== null;
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const place = placeOf(this._documents, context);
    if (!place || place.block.language !== 'sql') {
      return { start: request.offset, end: request.offset, items: [] };
    }
    const tables = await this._tables.of(place.document, place.block);
    const { start, end, items } = suggest(
      request.text,
      request.offset,
      tables,
      dialectOf(place.block.configuration?.data_provider)
    );
    const kinds = {
      table: this._trans.__('table'),
      column: this._trans.__('column'),
      keyword: this._trans.__('keyword')
    };
    return {
      start,
      end,
      items: items.map(item => ({
        label: item.text,
        insertText: item.text,
        type: kinds[item.kind],
        ...(item.of ? { documentation: item.of } : {})
      }))
    };
  }

  shouldShowContinuousHint(visible: boolean, changed: unknown): boolean {
    void changed;
    return !visible;
  }
}

/**
 * Complete SQL blocks, and keep the Python kernel from completing blocks that
 * are not Python.
 */
export function addCompletion(
  manager: ICompletionProviderManager,
  documents: PipelineDocuments,
  tables: Tables,
  trans: TranslationBundle
): void {
  manager.registerProvider(new SqlProvider(documents, tables, trans));
  quieten(manager, documents);
  manager.activeProvidersChanged.connect(() => quieten(manager, documents));
}

const quiet = new WeakSet<ICompletionProvider>();

function quieten(
  manager: ICompletionProviderManager,
  documents: PipelineDocuments
): void {
  const listed = manager as Partial<{
    getProviders(): Map<string, ICompletionProvider>;
  }>;
  const kernel = listed.getProviders?.().get(KERNEL_PROVIDER);
  if (!kernel || quiet.has(kernel)) {
    return;
  }
  quiet.add(kernel);
  const fetch = kernel.fetch.bind(kernel);
  kernel.fetch = async (request, context, ...more) => {
    const language = placeOf(documents, context)?.block.language ?? 'python';
    return language === 'python'
      ? fetch(request, context, ...more)
      : { start: request.offset, end: request.offset, items: [] };
  };
}
