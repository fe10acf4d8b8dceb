import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IForm } from '../api/types';
import {
  fieldsOf,
  firstValues,
  formFaults,
  formVariables
} from './interactions';
import { InteractionsForm } from './interactionsForm';
import { type IVariableRow, rowsOf, valueOf } from './variables';
import { VariablesForm } from './variablesForm';

export interface IVariablesOrFormProps {
  forms: readonly IForm[];
  rows: readonly IVariableRow[];
  strict?: boolean;
  trans: TranslationBundle;
  /** The variables, and how many fields of the forms are not right. */
  onChange: (rows: IVariableRow[], faults: number) => void;
}

/** What rows say, as far as they say anything. */
export function valuesSaid(
  rows: readonly IVariableRow[]
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const row of rows) {
    const said = valueOf(row);
    if ('value' in said) {
      found[row.name] = said.value;
    }
  }
  return found;
}

/** How many fields are not right before anything is typed. */
export function firstFaults(
  forms: readonly IForm[],
  rows: readonly IVariableRow[]
): number {
  return formFaults(forms, firstValues(forms, valuesSaid(rows))).size;
}

/** The forms of a pipeline for its variables; without forms, the variables themselves. */
export function VariablesOrForm(
  props: IVariablesOrFormProps
): React.JSX.Element {
  const { forms, rows, strict, trans, onChange } = props;
  const [values, setValues] = React.useState(() =>
    firstValues(forms, valuesSaid(rows))
  );
  if (!forms.length) {
    return (
      <VariablesForm
        rows={rows}
        trans={trans}
        strict={strict}
        onChange={changed => onChange(changed, 0)}
      />
    );
  }
  const own = new Set(fieldsOf(forms).map(field => field.variable));
  const others = rows.filter(row => !own.has(row.name));
  const tell = (rest: readonly IVariableRow[], next = values): void =>
    onChange(
      [...rest, ...rowsOf(formVariables(forms, next))],
      formFaults(forms, next).size
    );
  return (
    <>
      <InteractionsForm
        forms={forms}
        values={values}
        strict={strict}
        trans={trans}
        onChange={next => {
          setValues(next);
          tell(others, next);
        }}
      />
      <details className="mage-Interactions-rest">
        <summary>
          {trans._n('%1 other variable', '%1 other variables', others.length)}
        </summary>
        <VariablesForm
          rows={others}
          trans={trans}
          strict={strict}
          onChange={changed => tell(changed)}
        />
      </details>
    </>
  );
}
