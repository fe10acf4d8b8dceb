/**
 * Variables as rows of a form: a name, a type and what was typed.
 * Pure; a row that does not fit its type has an error in words.
 */

export type VariableType = 'text' | 'number' | 'boolean' | 'json';

export interface IVariableRow {
  name: string;
  type: VariableType;
  text: string;
}

/** The type a value is edited as. */
export function typeOf(value: unknown): VariableType {
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'json';
  }
}

/** The rows in which `values` are edited. */
export function rowsOf(values: Record<string, unknown>): IVariableRow[] {
  return Object.entries(values).map(([name, value]) => {
    const type = typeOf(value);
    return {
      name,
      type,
      text: type === 'json' ? JSON.stringify(value) : String(value)
    };
  });
}

export type VariableFault =
  'no-name' | 'twice' | 'not-a-number' | 'not-json' | 'not-boolean';

/** What a row says, or why it says nothing. */
export function valueOf(
  row: IVariableRow
): { value: unknown } | { fault: VariableFault } {
  const text = row.text.trim();
  switch (row.type) {
    case 'text':
      return { value: row.text };
    case 'number': {
      const value = Number(text);
      return text === '' || !isFinite(value)
        ? { fault: 'not-a-number' }
        : { value };
    }
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : { fault: 'not-boolean' };
    case 'json':
      try {
        return { value: JSON.parse(text) };
      } catch {
        return { fault: 'not-json' };
      }
  }
}

/** The same text as another type, kept where it still fits. */
export function retype(row: IVariableRow, type: VariableType): IVariableRow {
  const changed = { ...row, type };
  if (type === 'boolean' && 'fault' in valueOf(changed)) {
    changed.text = 'false';
  }
  if (type === 'json' && row.type === 'text') {
    changed.text = row.text === '' ? 'null' : JSON.stringify(row.text);
    if (!('fault' in valueOf({ ...row, type: 'json' }))) {
      changed.text = row.text;
    }
  }
  return changed;
}

/** Fault of each row by its index; rows left wholly empty have none. */
export function faultsOf(
  rows: readonly IVariableRow[]
): Map<number, VariableFault> {
  const faults = new Map<number, VariableFault>();
  const seen = new Set<string>();
  rows.forEach((row, index) => {
    const name = row.name.trim();
    if (!name) {
      if (row.text !== '' && row.type !== 'boolean') {
        faults.set(index, 'no-name');
      }
      return;
    }
    if (seen.has(name)) {
      faults.set(index, 'twice');
      return;
    }
    seen.add(name);
    const result = valueOf(row);
    if ('fault' in result) {
      faults.set(index, result.fault);
    }
  });
  return faults;
}

/** The variables that the rows say; rows without a name are left out. */
export function valuesOf(
  rows: readonly IVariableRow[]
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const row of rows) {
    const name = row.name.trim();
    const result = valueOf(row);
    if (name && 'value' in result) {
      values[name] = result.value;
    }
  }
  return values;
}
