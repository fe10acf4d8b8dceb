/** Ids of blocks: made from names, and made unique for new cells. Pure. */

/** The metadata by which a cell is a block; unknown keys are kept. */
export interface IBlockMetadata {
  uuid: string;
  name: string;
  type: string;
  language: string;
  role: string;
  upstream: string[];
  configuration?: Record<string, unknown>;
  retry_config?: Record<string, unknown> | null;
  timeout?: number | null;
  executor_type?: string | null;
  executor_config?: Record<string, unknown> | null;
  color?: string | null;
  missing?: boolean;
  path?: string | null;
  used_in?: string[];
  [key: string]: unknown;
}

/** The id a name gives: Mage's rule for file names. */
export function idOf(name: string): string {
  const id = name
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_/]+/gu, '_')
    .replace(/\/+/g, '/')
    .replace(/^\/|\/$/g, '');
  const plain = id || 'block';
  return /^[0-9]/.test(plain) ? `letter_${plain}` : plain;
}

/** `base`, or `base_2`, `base_3` … when it is taken. */
export function unusedId(base: string, taken: ReadonlySet<string>): string {
  let id = base;
  for (let count = 2; taken.has(id); count++) {
    id = `${base}_${count}`;
  }
  return id;
}

/** What a cell is, for finding out what is missing. */
export interface ICellFacts {
  kind: 'code' | 'markdown' | 'raw';
  /** Its block metadata, when it has any. */
  block: IBlockMetadata | null;
  /** Whether there is any text in it. */
  empty: boolean;
  /** Whether it is the cell in which the server showed its block. */
  original?: boolean;
}

const FIRST_WORD: Record<string, string> = {
  data_loader: 'load',
  transformer: 'transform',
  data_exporter: 'export',
  custom: 'step',
  sensor: 'wait',
  scratchpad: 'draft',
  markdown: 'note',
  chart: 'chart',
  callback: 'callback',
  conditional: 'condition',
  extension: 'check',
  global_data_product: 'product',
  dbt: 'dbt'
};

/** Names for new blocks start with the pipeline's: block files are shared in a project. */
export function newName(
  type: string,
  pipeline: string,
  taken: ReadonlySet<string>
): string {
  const word = FIRST_WORD[type] ?? type;
  return unusedId(`${idOf(pipeline)}_${word}`, taken);
}

const ATTACHED = ['chart', 'callback', 'conditional', 'extension'];

/** In which list of the pipeline's file a block of a type stands. */
export function roleOf(type: string): string {
  return ATTACHED.includes(type) ? type : 'block';
}

/** The metadata of a new block. */
export function newBlock(
  id: string,
  type: string,
  language: string,
  name = id
): IBlockMetadata {
  return {
    uuid: id,
    name,
    type,
    language,
    role: roleOf(type),
    upstream: [],
    configuration: {}
  };
}

/**
 * The metadata that cells must get so that every cell is one block and no two
 * are the same: index of the cell -> its new metadata.
 *
 * A cell without metadata becomes a scratchpad or a note; of several cells with
 * one id (pasted, duplicated, split) the original keeps it, else the first, and
 * the others become copies; a cell turned from code to text or back becomes a
 * block of its own.
 */
export function assignments(
  cells: readonly ICellFacts[],
  pipeline: string
): Map<number, IBlockMetadata> {
  const result = new Map<number, IBlockMetadata>();
  const taken = new Set(
    cells.flatMap(cell => (cell.block ? [cell.block.uuid] : []))
  );
  if (cells.length === 1 && !cells[0].block && cells[0].empty) {
    // JupyterLab's own empty cell of a pipeline without blocks.
    return result;
  }
  const owners = ownersOf(cells);
  cells.forEach((cell, index) => {
    const owned = !!cell.block && owners.get(cell.block.uuid) === index;
    const given = fate(cell, pipeline, taken, owned);
    if (given) {
      result.set(index, given);
      taken.add(given.uuid);
    }
  });
  return result;
}

/** Block id -> index of the cell that keeps it. */
function ownersOf(cells: readonly ICellFacts[]): Map<string, number> {
  const owners = new Map<string, number>();
  cells.forEach((cell, index) => {
    if (cell.block) {
      const before = owners.get(cell.block.uuid);
      if (before === undefined || (cell.original && !cells[before].original)) {
        owners.set(cell.block.uuid, index);
      }
    }
  });
  return owners;
}

function fate(
  cell: ICellFacts,
  pipeline: string,
  taken: ReadonlySet<string>,
  owned: boolean
): IBlockMetadata | null {
  const type = cell.kind === 'code' ? 'scratchpad' : 'markdown';
  const language = cell.kind === 'code' ? 'python' : 'markdown';
  if (!cell.block) {
    return cell.kind === 'raw'
      ? null
      : newBlock(newName(type, pipeline, taken), type, language);
  }
  const isNote = cell.block.type === 'markdown';
  if (cell.kind === 'markdown' && !isNote) {
    const id = unusedId(`${cell.block.uuid}_note`, taken);
    return newBlock(id, type, language);
  }
  if (cell.kind === 'code' && isNote && cell.block.language === 'markdown') {
    const id = unusedId(`${cell.block.uuid}_code`, taken);
    return newBlock(id, type, language);
  }
  return owned ? null : copyOf(cell.block, taken);
}

/** The metadata of a copy of a block: an id and a file of its own. */
export function copyOf(
  block: IBlockMetadata,
  taken: ReadonlySet<string>
): IBlockMetadata {
  const uuid = unusedId(`${block.uuid}_copy`, taken);
  const copy: IBlockMetadata = {
    ...block,
    uuid,
    name: block.name === block.uuid ? uuid : `${block.name} copy`,
    missing: false,
    used_in: []
  };
  delete copy.path;
  return copy;
}
