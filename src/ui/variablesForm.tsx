import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IVariableRow, VariableFault, VariableType } from './variables';
import { faultsOf, retype } from './variables';

export interface IVariablesFormProps {
  rows: readonly IVariableRow[];
  trans: TranslationBundle;
  /** Say also what is wrong with values that were not typed yet. */
  strict?: boolean;
  onChange: (rows: IVariableRow[]) => void;
}

function faultWords(fault: VariableFault, trans: TranslationBundle): string {
  switch (fault) {
    case 'no-name':
      return trans.__('Give it a name.');
    case 'twice':
      return trans.__('This name is there already.');
    case 'not-a-number':
      return trans.__('This is not a number.');
    case 'not-boolean':
      return trans.__('Choose true or false.');
    case 'not-json':
      return trans.__('This is not valid JSON.');
  }
}

function ValueInput(props: {
  row: IVariableRow;
  fault: string | null;
  trans: TranslationBundle;
  onChange: (text: string) => void;
}): JSX.Element {
  const { row, fault, trans, onChange } = props;
  const label = row.name
    ? trans.__('Value of %1', row.name)
    : trans.__('Value of the new variable');
  if (row.type === 'boolean') {
    return (
      <select
        className="mage-Field-input"
        aria-label={label}
        value={row.text}
        onChange={event => onChange(event.target.value)}
      >
        <option value="true">{trans.__('true')}</option>
        <option value="false">{trans.__('false')}</option>
      </select>
    );
  }
  return (
    <input
      className="mage-Field-input"
      aria-label={label}
      aria-invalid={fault !== null}
      inputMode={row.type === 'number' ? 'decimal' : undefined}
      spellCheck={false}
      value={row.text}
      onChange={event => onChange(event.target.value)}
    />
  );
}

/** Variables as typed rows: name, type, value. */
export function VariablesForm(props: IVariablesFormProps): JSX.Element {
  const { rows, trans, onChange } = props;
  const faults = faultsOf(rows);
  const replace = (index: number, row: IVariableRow): void =>
    onChange(rows.map((old, at) => (at === index ? row : old)));
  const types: [VariableType, string][] = [
    ['text', trans.__('text')],
    ['number', trans.__('number')],
    ['boolean', trans.__('true or false')],
    ['json', trans.__('JSON')]
  ];
  return (
    <div className="mage-Variables">
      {rows.map((row, index) => {
        const found = faults.get(index);
        const fault =
          props.strict || row.text !== '' || found === 'twice'
            ? found
            : undefined;
        const words = fault ? faultWords(fault, trans) : null;
        return (
          <div className="mage-Variables-row" key={index}>
            <input
              className="mage-Field-input"
              aria-label={trans.__('Name of variable %1', index + 1)}
              placeholder={trans.__('name')}
              spellCheck={false}
              value={row.name}
              onChange={event =>
                replace(index, { ...row, name: event.target.value })
              }
            />
            <select
              className="mage-Field-input"
              aria-label={trans.__('Type of variable %1', index + 1)}
              value={row.type}
              onChange={event =>
                replace(index, retype(row, event.target.value as VariableType))
              }
            >
              {types.map(([type, name]) => (
                <option key={type} value={type}>
                  {name}
                </option>
              ))}
            </select>
            <ValueInput
              row={row}
              fault={words}
              trans={trans}
              onChange={text => replace(index, { ...row, text })}
            />
            <button
              type="button"
              className="mage-IconButton"
              title={trans.__('Remove this variable')}
              aria-label={trans.__('Remove variable %1', row.name || index + 1)}
              onClick={() => onChange(rows.filter((_, at) => at !== index))}
            >
              <closeIcon.react tag="span" />
            </button>
            {words && (
              <span className="mage-Field-error" role="alert">
                {words}
              </span>
            )}
          </div>
        );
      })}
      <button
        type="button"
        className="mage-Button mage-mod-small"
        onClick={() =>
          onChange([...rows, { name: '', type: 'text', text: '' }])
        }
      >
        <addIcon.react tag="span" />
        {trans.__('Add a variable')}
      </button>
    </div>
  );
}
