import type { Kernel } from '@jupyterlab/services';
import type { ServerConnection } from '@jupyterlab/services';

import { request } from '../../api/request';
import type { IProduct } from '../../api/types';
import type { IBlockMetadata } from '../../model/blockIds';
import type { PipelineDocument } from '../../model/pipelineDocument';
import { slug } from '../../model/slug';
import type { ITable } from './statement';

const KERNEL_MODULE = '_mage_jlab_kernel.kernel_side.sql.schema';
/** How long typing waits for an answer; what comes later is there the next time. */
const PATIENCE_MS = 400;
/** An open connection may take a while; the kernel is asked again so often. */
const AGAIN_MS = 700;
const TRIES = 15;

interface IKnown {
  version: string;
  tables: readonly ITable[];
}

/** Which tables the SQL blocks of the open pipelines can ask, without ever being in the way. */
export class Tables {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** The tables of a block, as far as they are known within a moment. */
  async of(
    document: PipelineDocument,
    block: IBlockMetadata
  ): Promise<readonly ITable[]> {
    const provider = block.configuration?.data_provider;
    const found =
      typeof provider === 'string' && provider
        ? this._ofDatabase(document, block, provider)
        : this._ofUpstream(document, block);
    const late = new Promise<null>(resolve =>
      setTimeout(() => resolve(null), PATIENCE_MS)
    );
    return (await Promise.race([found.catch(() => []), late])) ?? [];
  }

  // ---- outputs of upstream blocks ----------------------------------------

  private async _ofUpstream(
    document: PipelineDocument,
    block: IBlockMetadata
  ): Promise<readonly ITable[]> {
    const found = await Promise.all(
      block.upstream.map(id => this._output(document, id))
    );
    return found.flatMap((columns, index) => [
      { name: `df_${index + 1}`, columns },
      { name: block.upstream[index], columns }
    ]);
  }

  private async _output(
    document: PipelineDocument,
    id: string
  ): Promise<readonly string[]> {
    const status = document.block(id)?.status;
    const version = `${status?.version} ${status?.state}`;
    const key = `${document.path} ${id}`;
    const known = this._outputs.get(key);
    if (known && known.version === version) {
      return known.columns;
    }
    const columns = request<IProduct>(
      ['products', document.project, document.slug, slug(id)],
      {},
      this._settings
    ).then(
      product =>
        product.outputs.find(output => output.columns?.length)?.columns ?? [],
      () => []
    );
    const names = columns.then(all => all.map(column => column.name));
    this._outputs.set(key, { version, columns: names });
    return names;
  }

  // ---- databases ---------------------------------------------------------

  private async _ofDatabase(
    document: PipelineDocument,
    block: IBlockMetadata,
    provider: string
  ): Promise<readonly ITable[]> {
    const profile = block.configuration?.data_provider_profile;
    const upstream = block.upstream.map((_, index): ITable => ({
      name: `df_${index + 1}`,
      columns: []
    }));
    const kernel = document.panel.sessionContext.session?.kernel;
    if (!kernel) {
      return upstream;
    }
    const name = typeof profile === 'string' && profile ? profile : 'default';
    const key = `${kernel.id} ${provider} ${name}`;
    const known = this._databases.get(key);
    if (known) {
      return [...known.tables, ...upstream];
    }
    const asked = await this._ask(kernel, key, provider, name);
    return [...(asked ?? []), ...upstream];
  }

  /** Ask a kernel that is idle; one that is busy is left alone. */
  private async _ask(
    kernel: Kernel.IKernelConnection,
    key: string,
    provider: string,
    profile: string
  ): Promise<readonly ITable[] | null> {
    if (this._asking.has(key)) {
      return null;
    }
    this._asking.add(key);
    try {
      for (let number = 0; number < TRIES && !kernel.isDisposed; number++) {
        const said = await this._question(kernel, provider, profile);
        if (said === undefined) {
          return null;
        }
        if (said) {
          this._databases.set(key, { version: '', tables: said });
          setTimeout(() => this._databases.delete(key), 300_000);
          return said;
        }
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
      }
      return null;
    } finally {
      this._asking.delete(key);
    }
  }

  /** Tables; null while they are found out; undefined when nobody can say. */
  private async _question(
    kernel: Kernel.IKernelConnection,
    provider: string,
    profile: string
  ): Promise<readonly ITable[] | null | undefined> {
    if (kernel.status !== 'idle') {
      return undefined;
    }
    const words = [provider, profile].map(word => JSON.stringify(word));
    const expression = `__import__('${KERNEL_MODULE}', fromlist=['_']).of(${words.join(', ')})`;
    const reply = await kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { tables: expression }
    }).done;
    const content = reply.content as unknown as {
      user_expressions?: {
        tables?: { data?: Record<string, unknown> };
      };
    };
    const data = content.user_expressions?.tables?.data?.[
      'application/json'
    ] as
      | { tables?: [string, string, string[]][] | null; schema?: string | null }
      | undefined;
    if (!data) {
      return undefined;
    }
    return (
      data.tables?.map(([schema, name, columns]): ITable => ({
        name,
        schema: schema || undefined,
        elsewhere: !!schema && !!data.schema && schema !== data.schema,
        columns
      })) ?? null
    );
  }

  private readonly _outputs = new Map<
    string,
    { version: string; columns: Promise<readonly string[]> }
  >();
  private readonly _databases = new Map<string, IKnown>();
  private readonly _asking = new Set<string>();
}
