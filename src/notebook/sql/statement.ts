/** A table that can be asked, and its columns. */
export interface ITable {
  /** As it is written in a query. */
  name: string;
  schema?: string;
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

const WORD = /[\p{L}\p{N}_$]*$/u;
const LITERAL = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g;
const FROM =
  /\b(?:from|join|update|into)\s+((?:"[^"]+"|[\p{L}\p{N}_.]+)|\{\{\s*df_\d+\s*\}\})(?:\s+(?:as\s+)?([\p{L}_][\p{L}\p{N}_]*))?/giu;
const NO_ALIAS = new Set(
  'where group order having limit on using join left right full inner cross union set values natural offset'.split(
    ' '
  )
);

/** What fits at a place of a query; nothing inside a text or a comment. */
export function suggest(
  text: string,
  offset: number,
  tables: readonly ITable[]
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
  const qualifier = /([\p{L}\p{N}_]+|"[^"]+"|\}\})\.$/u.exec(head)?.[1];
  if (qualifier) {
    const name = bare(
      qualifier === '}}'
        ? (/\{\{\s*(df_\d+)\s*\}\}\.$/.exec(head)?.[1] ?? '')
        : qualifier
    );
    const table =
      used.get(name) ?? tables.find(one => one.name.toLowerCase() === name);
    const inSchema = tables.filter(one => one.schema?.toLowerCase() === name);
    result.items = table ? columnsOf(table) : inSchema.map(tableItem);
  } else {
    const expectsTable = /\b(?:from|join|into|update|table)\s+$/i.test(head);
    const seen = [...new Set(used.values())];
    const columns = (seen.length ? seen : tables).flatMap(columnsOf);
    result.items = [
      ...(expectsTable ? [] : columns),
      ...tables.map(tableItem),
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
    const fits = key.startsWith(wanted) && !taken.has(key);
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
    const name = bare(match[1]);
    const last = name.split('.').pop() ?? name;
    const table = tables.find(one => one.name.toLowerCase() === last);
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

function bare(name: string): string {
  return name.replace(/[{}\s"]/g, '').toLowerCase();
}

function columnsOf(table: ITable): ISuggestion[] {
  return table.columns.map(column => ({
    text: written(column),
    kind: 'column',
    of: table.name
  }));
}

function tableItem(table: ITable): ISuggestion {
  return { text: table.name, kind: 'table', of: table.schema };
}

/** A column as it is written in a query. */
function written(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)
    ? name
    : `"${name.replace(/"/g, '""')}"`;
}
