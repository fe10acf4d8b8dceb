/** A table that can be asked, and its columns. */
export interface ITable {
  name: string;
  schema?: string;
  /** Whether a query finds it by its schema only. */
  elsewhere?: boolean;
  columns: readonly string[];
}

export type SuggestionKind = 'table' | 'column' | 'keyword';

export interface ISuggestion {
  text: string;
  kind: SuggestionKind;
  /** Where it comes from: the table of a column. */
  of?: string;
}

export interface ISuggestions {
  start: number;
  end: number;
  items: ISuggestion[];
}

const KEYWORDS = (
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT OFFSET JOIN LEFT RIGHT FULL INNER CROSS ON USING AS AND OR NOT ' +
  'IN IS NULL LIKE ILIKE BETWEEN EXISTS CASE WHEN THEN ELSE END CAST DISTINCT UNION ALL EXCEPT INTERSECT WITH ' +
  'INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE DROP OVER PARTITION ASC DESC COUNT SUM AVG MIN MAX COALESCE ' +
  'TRUE FALSE INTERVAL DATE TIMESTAMP'
).split(' ');

const FUNCTIONS = new Set(
  'COUNT SUM AVG MIN MAX COALESCE INTERVAL DATE TIMESTAMP'.split(' ')
);
const RESERVED = new Set([
  ...KEYWORDS.filter(one => !FUNCTIONS.has(one)),
  'USER'
]);

/** How a database wants names to be written. */
export interface IDialect {
  quote: string;
  /** What it makes of a name without quotes; nothing where case does not matter. */
  folded?: (name: string) => string;
}

const LOWER: IDialect = { quote: '"', folded: name => name.toLowerCase() };
const UPPER: IDialect = { quote: '"', folded: name => name.toUpperCase() };
const DIALECTS: { [provider: string]: IDialect | undefined } = {
  postgres: LOWER,
  redshift: LOWER,
  snowflake: UPPER,
  mysql: { quote: '`' },
  bigquery: { quote: '`' },
  clickhouse: { quote: '`', folded: name => name }
};

/** The dialect of a data provider; without one a block runs in DuckDB. */
export function dialectOf(provider: unknown): IDialect {
  return DIALECTS[String(provider)] ?? { quote: '"' };
}

const NAME = '(?:"[^"]+"|`[^`]+`|[\\p{L}_][\\p{L}\\p{N}_$]*)';
const WORD = /[\p{L}\p{N}_$]*$/u;
const LITERAL = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g;
const FROM = new RegExp(
  `\\b(?:from|join|update|into)\\s+(${NAME}(?:\\.${NAME})*|\\{\\{\\s*df_\\d+\\s*\\}\\})` +
    '(?:\\s+(?:as\\s+)?([\\p{L}_][\\p{L}\\p{N}_]*))?',
  'giu'
);
const QUALIFIER = new RegExp(`(${NAME}|\\}\\})\\.$`, 'u');
const NO_ALIAS = new Set(
  'where group order having limit on using join left right full inner cross union set values natural offset'.split(
    ' '
  )
);

/** What fits at a place of a query; nothing inside a text or a comment. */
export function suggest(
  text: string,
  offset: number,
  tables: readonly ITable[],
  dialect: IDialect = dialectOf(undefined)
): ISuggestions {
  const before = text.slice(0, offset);
  const word = WORD.exec(before)?.[0] ?? '';
  const result: ISuggestions = {
    start: offset - word.length,
    end: offset,
    items: []
  };
  if (inside(text, offset)) {
    return result;
  }
  const used = usedTables(text, tables);
  const head = before.slice(0, result.start);
  const column = columnsOf(dialect);
  const qualifier = QUALIFIER.exec(head)?.[1];
  if (qualifier) {
    const name = bare(
      qualifier === '}}'
        ? (/\{\{\s*(df_\d+)\s*\}\}\.$/.exec(head)?.[1] ?? '')
        : qualifier
    );
    const table =
      used.get(name) ?? tables.find(one => one.name.toLowerCase() === name);
    const inSchema = tables.filter(one => one.schema?.toLowerCase() === name);
    result.items = table
      ? column(table)
      : inSchema.map(one => tableItem(one, dialect, ''));
  } else {
    const expectsTable = /\b(?:from|join|into|update|table)\s+$/i.test(head);
    const seen = [...new Set(used.values())];
    const columns = (seen.length ? seen : tables).flatMap(column);
    result.items = [
      ...(expectsTable ? [] : columns),
      ...tables.map(one => tableItem(one, dialect)),
      ...KEYWORDS.map((keyword): ISuggestion => ({
        text:
          word && word === word.toLowerCase() ? keyword.toLowerCase() : keyword,
        kind: 'keyword'
      }))
    ];
  }
  const wanted = word.toLowerCase();
  const taken = new Set<string>();
  result.items = result.items.filter(item => {
    const key = item.text.toLowerCase();
    const fits =
      parts(key).some(part => part.startsWith(wanted)) && !taken.has(key);
    taken.add(key);
    return fits;
  });
  return result;
}

function inside(text: string, offset: number): boolean {
  for (const match of text.matchAll(LITERAL)) {
    const end = match.index + match[0].length;
    const last = match[0].startsWith('--') ? end : end - 1;
    if (match.index < offset && offset <= last) {
      return true;
    }
  }
  // A literal that is being typed has no end yet.
  const rest = text.slice(0, offset).replace(LITERAL, '');
  return (rest.match(/'/g)?.length ?? 0) % 2 === 1;
}

/** The tables a query reads, by their name and alias in lower case. */
function usedTables(
  text: string,
  tables: readonly ITable[]
): Map<string, ITable> {
  const found = new Map<string, ITable>();
  for (const match of text.matchAll(FROM)) {
    const names = parts(match[1].replace(/[{}\s]/g, '').toLowerCase());
    const last = names.pop() ?? '';
    const schema = names.pop();
    const called = tables.filter(one => one.name.toLowerCase() === last);
    const table =
      called.find(one => schema && one.schema?.toLowerCase() === schema) ??
      called.find(one => !one.elsewhere) ??
      called[0];
    if (table) {
      found.set(last, table);
      const alias = match[2]?.toLowerCase();
      if (alias && !NO_ALIAS.has(alias)) {
        found.set(alias, table);
      }
    }
  }
  return found;
}

/** The names of a name with dots, without their quotes. */
function parts(name: string): string[] {
  return (name.match(/"[^"]+"|`[^`]+`|[^."`]+/g) ?? []).map(bare);
}

function bare(name: string): string {
  return name.replace(/[{}\s"`]/g, '').toLowerCase();
}

function columnsOf(dialect: IDialect): (table: ITable) => ISuggestion[] {
  return table =>
    table.columns.map(column => ({
      text: written(column, dialect),
      kind: 'column',
      of: table.name
    }));
}

function tableItem(
  table: ITable,
  dialect: IDialect,
  schema = table.elsewhere ? table.schema : ''
): ISuggestion {
  const names = [...(schema ? [schema] : []), table.name];
  return {
    text: names.map(name => written(name, dialect)).join('.'),
    kind: 'table',
    of: table.schema
  };
}

/** A name as it is written in a query. */
function written(name: string, dialect: IDialect): string {
  const plain =
    /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) &&
    !RESERVED.has(name.toUpperCase()) &&
    (dialect.folded?.(name) ?? name) === name;
  const { quote } = dialect;
  return plain ? name : quote + name.replaceAll(quote, quote + quote) + quote;
}
