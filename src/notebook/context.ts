import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IBlockTemplate } from '../api/types';
import type { IPipelineDocument } from '../tokens';

/** What the parts of a pipeline notebook share. */
export interface INotebookParts {
  readonly app: JupyterFrontEnd;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** How editors know languages. */
  readonly languages: IEditorLanguageRegistry | null;
  /** Templates for new blocks: ours and those of a project (its slug). */
  templates(project: string): Promise<readonly IBlockTemplate[]>;
}

/** Run a command on one block. */
export function onBlock(
  parts: INotebookParts,
  command: string,
  document: IPipelineDocument,
  block: string,
  more: Record<string, string | number | boolean> = {}
): void {
  void parts.commands.execute(command, { path: document.path, block, ...more });
}
