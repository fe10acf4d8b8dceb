import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import type { IBlockMetadata } from './blockIds';
import { BLOCK_KEY } from './cells';
import type { PipelineDocument } from './pipelineDocument';

/** An extension block that checks the output of another, as its cell stands. */
interface IExtension {
  uuid: string;
  source: string;
  path: string | null;
  configuration: Record<string, unknown>;
}

/** A block to which a condition or callback is attached, and how it ended here. */
interface IHost {
  block: string;
  /** The blocks whose outputs are handed over: to a condition those of its block. */
  inputs: string[];
  configuration: Record<string, unknown>;
  status?: 'success' | 'failure';
  error?: string;
}

/** What the kernel side reads as `metadata.mage.options`, of blocks that belong together. */
interface IAttachments {
  extensions?: IExtension[];
  hosts?: IHost[];
}

/**
 * Have every request for a block say which blocks belong to it.
 *
 * JupyterLab's own commands (Shift Enter, Run All …) send cells with nothing but
 * their metadata, so it is added where all requests pass.
 */
export function tellAttachments(document: PipelineDocument): void {
  const { sessionContext } = document.panel;
  const told = new WeakSet<Kernel.IKernelConnection>();
  const begin = (): void => {
    const kernel = sessionContext.session?.kernel;
    if (!kernel || told.has(kernel)) {
      return;
    }
    told.add(kernel);
    const send = kernel.requestExecute.bind(kernel);
    kernel.requestExecute = (content, disposeOnDone, metadata) =>
      send(content, disposeOnDone, complete(document, metadata));
  };
  sessionContext.kernelChanged.connect(begin);
  begin();
}

function complete(
  document: PipelineDocument,
  metadata: JSONObject | undefined
): JSONObject | undefined {
  const said = metadata?.[BLOCK_KEY] as JSONObject | undefined;
  const block =
    typeof said?.uuid === 'string' && !document.isDisposed
      ? document.metadata(said.uuid)
      : null;
  if (!said || !block) {
    return metadata;
  }
  const options = {
    ...(said.options as JSONObject | undefined),
    ...(attachments(document, block) as JSONObject)
  };
  return { ...metadata, [BLOCK_KEY]: { ...said, options } };
}

function attachments(
  document: PipelineDocument,
  block: IBlockMetadata
): IAttachments {
  switch (block.role) {
    case 'block': {
      const extensions = document.blocks
        .filter(
          other =>
            other.type === 'extension' && other.upstream.includes(block.uuid)
        )
        .map(other => ({
          uuid: other.id,
          source: document.cell(other.id)?.getSource() ?? '',
          path: other.path,
          configuration: document.metadata(other.id)?.configuration ?? {}
        }));
      return extensions.length ? { extensions } : {};
    }
    case 'conditional':
    case 'callback': {
      const hosts = document.blocks.filter(
        other => other.role === 'block' && block.upstream.includes(other.id)
      );
      return {
        hosts: hosts.map(({ id, upstream }) => ({
          block: id,
          configuration: document.metadata(id)?.configuration ?? {},
          ...(block.role === 'conditional'
            ? { inputs: [...upstream] }
            : ended(document, id))
        }))
      };
    }
    default:
      return {};
  }
}

/** How a block ended, and what it left for a callback. */
function ended(
  document: PipelineDocument,
  id: string
): Pick<IHost, 'inputs' | 'status' | 'error'> {
  const { state, error } = document.states.status(id);
  switch (state) {
    case 'completed':
    case 'stale':
      return { inputs: [id], status: 'success' };
    case 'failed':
      return { inputs: [], status: 'failure', ...(error ? { error } : {}) };
    default:
      return { inputs: [] };
  }
}
