import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { request } from '../api/request';
import type { IForm, IFormField, IPage } from '../api/types';
import { type FieldFault, type FormValues, formFaults } from './interactions';

/** The forms that a pipeline has for its variables; none when they cannot be had. */
export async function fetchForms(
  project: string,
  slug: string
): Promise<IForm[]> {
  try {
    const page = await request<IPage<IForm>>([
      'projects',
      project,
      'pipelines',
      slug,
      'interactions'
    ]);
    return page.items.filter(form => form.rows.length || form.problem);
  } catch (error) {
    console.warn('mage-jlab: forms of', slug, error);
    return [];
  }
}

function faultWords(fault: FieldFault, trans: TranslationBundle): string {
  switch (fault) {
    case 'required':
      return trans.__('This is needed.');
    case 'integer':
      return trans.__('This is no whole number.');
    case 'number':
      return trans.__('This is no number.');
    case 'date':
      return trans.__('This is no date.');
    case 'json':
      return trans.__('This is not of the type that is wanted.');
  }
}

export interface IInteractionsFormProps {
  forms: readonly IForm[];
  values: FormValues;
  /** Say also what is missing in fields that were not touched. */
  strict?: boolean;
  trans: TranslationBundle;
  onChange: (values: FormValues) => void;
}

/** The fields of interactions, in the rows and widths of their layout. */
export function InteractionsForm(
  props: IInteractionsFormProps
): React.JSX.Element {
  const { forms, values, trans } = props;
  const faults = formFaults(forms, values);
  const done = new Set<string>();
  return (
    <div className="mage-Interactions">
      {forms.map(form => (
        <React.Fragment key={`${form.block}/${form.id}`}>
          {form.problem ? (
            <p className="mage-Field-error" role="alert">
              {form.problem}
            </p>
          ) : null}
          {form.rows.map((row, index) => {
            const fields = row.filter(field => !done.has(field.variable));
            fields.forEach(field => done.add(field.variable));
            return (
              <div className="mage-Interactions-row" key={index}>
                {fields.map(field => {
                  const fault = faults.get(field.variable);
                  const shown = fault && (props.strict || fault !== 'required');
                  return (
                    <div
                      className="mage-Form-field"
                      key={field.variable}
                      style={{ flexGrow: field.width }}
                    >
                      <FormInput
                        field={field}
                        value={values[field.variable]}
                        invalid={!!shown}
                        onChange={value =>
                          props.onChange({
                            ...values,
                            [field.variable]: value
                          })
                        }
                      />
                      {field.description ? (
                        <span className="mage-Form-hint">
                          {field.description}
                        </span>
                      ) : null}
                      {shown ? (
                        <span className="mage-Field-error" role="alert">
                          {faultWords(fault, trans)}
                        </span>
                      ) : null}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </React.Fragment>
      ))}
    </div>
  );
}

interface IInputProps {
  field: IFormField;
  value: unknown;
  invalid: boolean;
  onChange: (value: unknown) => void;
}

function FormInput(props: IInputProps): React.JSX.Element {
  const { field, value, onChange } = props;
  const label = field.required ? `${field.label} *` : field.label;
  const many = field.options.length > 0;
  if ((field.input === 'checkbox' || field.input === 'switch') && !many) {
    return (
      <label className="mage-Form-check">
        <input
          type="checkbox"
          role={field.input === 'switch' ? 'switch' : undefined}
          checked={value === true}
          onChange={event => onChange(event.target.checked)}
        />
        {label}
      </label>
    );
  }
  if (field.input === 'checkbox' && many) {
    const chosen = Array.isArray(value) ? value : [];
    return (
      <div role="group" aria-label={field.label}>
        <span>{label}</span>
        {field.options.map(option => (
          <label className="mage-Form-check" key={String(option.value)}>
            <input
              type="checkbox"
              checked={chosen.includes(option.value)}
              onChange={event =>
                onChange(
                  event.target.checked
                    ? [...chosen, option.value]
                    : chosen.filter(item => item !== option.value)
                )
              }
            />
            {option.label}
          </label>
        ))}
      </div>
    );
  }
  return (
    <label className="mage-Form-field">
      <span>{label}</span>
      <TextInput {...props} />
    </label>
  );
}

function TextInput(props: IInputProps): React.JSX.Element {
  const { field, value, invalid, onChange } = props;
  const text = value === null || value === undefined ? '' : String(value);
  if (field.input === 'dropdown_menu' && field.options.length) {
    return (
      <select
        className="mage-Field-input"
        aria-invalid={invalid}
        value={field.options.findIndex(item => String(item.value) === text)}
        onChange={event =>
          onChange(field.options[Number(event.target.value)]?.value ?? '')
        }
      >
        <option value={-1} />
        {field.options.map((option, index) => (
          <option key={index} value={index}>
            {option.label}
          </option>
        ))}
      </select>
    );
  }
  if (field.multiline || field.input === 'code') {
    return (
      <textarea
        className={`mage-Field-input mage-Field-area ${field.input === 'code' ? 'mage-mod-code' : ''}`}
        rows={field.input === 'code' ? 6 : 3}
        aria-invalid={invalid}
        spellCheck={field.input !== 'code'}
        value={text}
        onKeyDown={event => {
          // The dialog accepts on Enter; here it makes a new line.
          if (event.key === 'Enter') {
            event.stopPropagation();
          }
        }}
        onChange={event => onChange(event.target.value)}
      />
    );
  }
  const type = field.types.includes('datetime')
    ? 'datetime-local'
    : field.types.includes('date')
      ? 'date'
      : field.number
        ? 'number'
        : 'text';
  return (
    <input
      className="mage-Field-input"
      type={type}
      step={field.number ? 'any' : undefined}
      aria-invalid={invalid}
      value={text}
      onChange={event => onChange(event.target.value)}
    />
  );
}
