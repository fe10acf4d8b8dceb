/** What part of a table is asked for: order and filter. Pure. */
export type Operator =
  'contains' | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'null' | 'notnull';

export interface IFilter {
  column: string;
  op: Operator;
  value?: string | number | boolean;
}

export interface ISort {
  column: string;
  direction: 'asc' | 'desc';
}

export interface ITableQuery {
  readonly sort: readonly ISort[];
  readonly filter: readonly IFilter[];
}

export const EVERYTHING: ITableQuery = { sort: [], filter: [] };

/** The operators in the order of the menu, with how they are typed. */
export const OPERATORS: readonly { op: Operator; sign: string }[] = [
  { op: 'contains', sign: '~' },
  { op: 'eq', sign: '=' },
  { op: 'ne', sign: '≠' },
  { op: 'lt', sign: '<' },
  { op: 'le', sign: '≤' },
  { op: 'gt', sign: '>' },
  { op: 'ge', sign: '≥' },
  { op: 'null', sign: 'null' },
  { op: 'notnull', sign: 'not null' }
];

// Longer signs first: `>=` is not `>` of `=`.
const TYPED: readonly (readonly [string, Operator])[] = [
  ['>=', 'ge'],
  ['≥', 'ge'],
  ['<=', 'le'],
  ['≤', 'le'],
  ['!=', 'ne'],
  ['<>', 'ne'],
  ['≠', 'ne'],
  ['==', 'eq'],
  ['=', 'eq'],
  ['>', 'gt'],
  ['<', 'lt'],
  ['~', 'contains']
];

/** Whether the operator stands alone. */
export function isUnary(op: Operator): boolean {
  return op === 'null' || op === 'notnull';
}

/**
 * Read what a person typed under a header. Without a sign, numbers and
 * booleans are compared and the rest is searched. Null for "no filter (yet)".
 */
export function parseFilter(
  column: string,
  kind: string,
  text: string
): IFilter | null {
  const typed = text.trim();
  if (!typed) {
    return null;
  }
  const lower = typed.toLowerCase();
  if (lower === 'null' || lower === 'is null') {
    return { column, op: 'null' };
  }
  if (lower === 'not null' || lower === 'is not null' || lower === '!null') {
    return { column, op: 'notnull' };
  }
  const sign = TYPED.find(([prefix]) => typed.startsWith(prefix));
  const rest = sign ? typed.slice(sign[0].length).trim() : typed;
  if (!rest) {
    return null;
  }
  const op = sign?.[1] ?? (comparable(kind, rest) ? 'eq' : 'contains');
  return { column, op, value: op === 'contains' ? rest : plain(kind, rest) };
}

/** The filter as it would be typed. */
export function filterText(filter: IFilter | undefined): string {
  if (!filter) {
    return '';
  }
  const sign = OPERATORS.find(item => item.op === filter.op)?.sign ?? '';
  if (isUnary(filter.op)) {
    return sign;
  }
  return `${sign} ${String(filter.value ?? '')}`;
}

function comparable(kind: string, text: string): boolean {
  return (
    (kind === 'number' && text !== '' && Number.isFinite(Number(text))) ||
    (kind === 'boolean' && /^(true|false)$/i.test(text))
  );
}

/** A number only where it is exact: long ids stay text. */
function plain(kind: string, text: string): string | number | boolean {
  if (kind === 'boolean' && /^(true|false)$/i.test(text)) {
    return text.toLowerCase() === 'true';
  }
  const value = Number(text);
  const exact =
    kind === 'number' &&
    Number.isFinite(value) &&
    (!Number.isInteger(value) || Number.isSafeInteger(value));
  return exact ? value : text;
}

/** The query with the filter of one column replaced; null removes it. */
export function withFilter(
  query: ITableQuery,
  column: string,
  filter: IFilter | null
): ITableQuery {
  const others = query.filter.filter(item => item.column !== column);
  return { ...query, filter: filter ? [...others, filter] : others };
}

/** A click on a header: ascending, descending, unsorted. */
export function nextSort(
  query: ITableQuery,
  column: string,
  also = false
): ITableQuery {
  const now = query.sort.find(item => item.column === column)?.direction;
  const next = now === undefined ? 'asc' : now === 'asc' ? 'desc' : null;
  return withSort(query, column, next, also);
}

/** Sort by a column; `also` keeps the other columns of the order. */
export function withSort(
  query: ITableQuery,
  column: string,
  direction: 'asc' | 'desc' | null,
  also = false
): ITableQuery {
  if (!also) {
    return { ...query, sort: direction ? [{ column, direction }] : [] };
  }
  const known = query.sort.some(item => item.column === column);
  const sort = direction
    ? known
      ? query.sort.map(item =>
          item.column === column ? { column, direction } : item
        )
      : [...query.sort, { column, direction }]
    : query.sort.filter(item => item.column !== column);
  return { ...query, sort };
}

/** The query as the server takes it. */
export function queryParameters(query: ITableQuery): {
  sort?: string;
  filter?: string;
} {
  return {
    sort: query.sort.length
      ? JSON.stringify(query.sort.map(item => [item.column, item.direction]))
      : undefined,
    filter: query.filter.length ? JSON.stringify(query.filter) : undefined
  };
}
