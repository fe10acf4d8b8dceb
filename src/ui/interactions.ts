/** Forms for variables (interactions): what was typed, as the types they name. Pure. */

import type { IForm, IFormField } from '../api/types';

/** What was typed or chosen, by variable. */
export type FormValues = Record<string, unknown>;

/** The fields of all forms, each variable once. */
export function fieldsOf(forms: readonly IForm[]): IFormField[] {
  const found = new Map<string, IFormField>();
  for (const field of forms.flatMap(form => form.rows.flat())) {
    if (!found.has(field.variable)) {
      found.set(field.variable, field);
    }
  }
  return [...found.values()];
}

/** How a value is shown in a field. */
export function shownValue(field: IFormField, value: unknown): unknown {
  if (field.input === 'checkbox' || field.input === 'switch') {
    if (field.options.length) {
      return Array.isArray(value) ? value : value === undefined ? [] : [value];
    }
    return value === true || value === 'true';
  }
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : value;
}

/** What the fields show at first: the variables of the pipeline, else their defaults. */
export function firstValues(
  forms: readonly IForm[],
  variables: Record<string, unknown>
): FormValues {
  return Object.fromEntries(
    fieldsOf(forms).map(field => [
      field.variable,
      shownValue(field, variables[field.variable] ?? field.default)
    ])
  );
}

export type FieldFault = 'required' | 'number' | 'integer' | 'json' | 'date';

/** The value of a field in the first of its types that it fits, or what is wrong. */
export function typedValue(
  field: IFormField,
  shown: unknown
): { value: unknown } | { fault: FieldFault } {
  const empty =
    shown === '' ||
    shown === undefined ||
    (Array.isArray(shown) && !shown.length);
  if (empty) {
    return field.required ? { fault: 'required' } : { value: null };
  }
  if (typeof shown !== 'string') {
    return { value: shown };
  }
  const types = field.types.length
    ? field.types
    : field.number
      ? ['float']
      : ['string'];
  let fault: FieldFault = 'json';
  for (const type of types) {
    const found = parsed(shown.trim(), shown, type);
    if ('value' in found) {
      return found;
    }
    fault = found.fault;
  }
  return { fault };
}

function parsed(
  text: string,
  raw: string,
  type: string
): { value: unknown } | { fault: FieldFault } {
  switch (type) {
    case 'integer':
      return /^[-+]?\d+$/.test(text)
        ? { value: Number(text) }
        : { fault: 'integer' };
    case 'float':
      return text !== '' && isFinite(Number(text))
        ? { value: Number(text) }
        : { fault: 'number' };
    case 'boolean':
      return /^(true|false)$/i.test(text)
        ? { value: text.toLowerCase() === 'true' }
        : { fault: 'json' };
    case 'date':
    case 'datetime':
      return isNaN(Date.parse(text)) ? { fault: 'date' } : { value: text };
    case 'dictionary':
    case 'list':
      try {
        const value = JSON.parse(text);
        const fits =
          type === 'list'
            ? Array.isArray(value)
            : typeof value === 'object' && value && !Array.isArray(value);
        return fits ? { value } : { fault: 'json' };
      } catch {
        return { fault: 'json' };
      }
    default:
      return { value: raw };
  }
}

/** The faults of all fields, by variable. */
export function formFaults(
  forms: readonly IForm[],
  values: FormValues
): Map<string, FieldFault> {
  const faults = new Map<string, FieldFault>();
  for (const field of fieldsOf(forms)) {
    const found = typedValue(field, values[field.variable]);
    if ('fault' in found) {
      faults.set(field.variable, found.fault);
    }
  }
  return faults;
}

/** The variables that the fields set; what is left empty sets none. */
export function formVariables(
  forms: readonly IForm[],
  values: FormValues
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const field of fieldsOf(forms)) {
    const typed = typedValue(field, values[field.variable]);
    if ('value' in typed && typed.value !== null) {
      found[field.variable] = typed.value;
    }
  }
  return found;
}
