import { describe, expect, it } from 'vitest';

import type { IForm, IFormField } from '../api/types';
import {
  firstValues,
  formFaults,
  formVariables,
  typedValue
} from './interactions';

function field(changes: Partial<IFormField>): IFormField {
  return {
    variable: 'v',
    label: 'V',
    description: null,
    input: 'text_field',
    types: [],
    required: false,
    options: [],
    multiline: false,
    number: false,
    language: null,
    default: null,
    width: 1,
    ...changes
  } as IFormField;
}

function form(...fields: IFormField[]): IForm {
  return { id: 'f', block: 'b', rows: [fields], problem: null } as IForm;
}

describe('typedValue', () => {
  it('gives the first type that fits', () => {
    const both = field({ types: ['integer', 'string'] });
    expect(typedValue(both, '12')).toEqual({ value: 12 });
    expect(typedValue(both, 'twelve')).toEqual({ value: 'twelve' });
  });
  it('says what is wrong', () => {
    expect(typedValue(field({ types: ['integer'] }), '1.5')).toEqual({
      fault: 'integer'
    });
    expect(typedValue(field({ types: ['list'] }), '{}')).toEqual({
      fault: 'json'
    });
    expect(typedValue(field({ types: ['date'] }), 'soon')).toEqual({
      fault: 'date'
    });
    expect(typedValue(field({ required: true }), '')).toEqual({
      fault: 'required'
    });
  });
  it('takes switches and choices as they are', () => {
    expect(typedValue(field({ input: 'switch' }), true)).toEqual({
      value: true
    });
    expect(typedValue(field({ number: true }), '2.5')).toEqual({ value: 2.5 });
  });
});

describe('forms', () => {
  const forms = [
    form(
      field({ variable: 'n', types: ['integer'], default: 3 }),
      field({ variable: 'on', input: 'switch' })
    ),
    form(field({ variable: 'n' }), field({ variable: 'who', required: true }))
  ];
  it('begin with the variables of the pipeline', () => {
    expect(firstValues(forms, { n: 5, on: true })).toEqual({
      n: 5,
      on: true,
      who: ''
    });
  });
  it('set only what is filled in', () => {
    const values = { n: '', on: false, who: 'us' };
    expect(formFaults(forms, values).size).toBe(0);
    expect(formVariables(forms, values)).toEqual({ on: false, who: 'us' });
    expect([...formFaults(forms, {}).keys()]).toEqual(['who']);
  });
});
