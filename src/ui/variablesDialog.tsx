import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IForm } from '../api/types';
import type { IVariableRow } from './variables';
import { faultsOf, rowsOf, valuesOf } from './variables';
import { firstFaults, VariablesOrForm } from './variablesOrForm';

class VariablesBody
  extends ReactWidget
  implements Dialog.IBodyWidget<IVariableRow[]>
{
  constructor(
    private _rows: IVariableRow[],
    private readonly _hint: string,
    private readonly _strict: boolean,
    private readonly _forms: readonly IForm[],
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._faults = firstFaults(_forms, _rows);
    this.addClass('mage-VariablesDialog');
  }

  getValue(): IVariableRow[] {
    return this._rows;
  }

  /** How many fields of the forms are not right. */
  get faults(): number {
    return this._faults;
  }

  protected render(): JSX.Element {
    return (
      <div className="mage-Form">
        <div>{this._hint}</div>
        <VariablesOrForm
          forms={this._forms}
          rows={this._rows}
          trans={this._trans}
          strict={this._strict}
          onChange={(rows, faults) => {
            this._rows = rows;
            this._faults = faults;
            this.update();
          }}
        />
      </div>
    );
  }

  private _faults: number;
}

export interface IAskVariables {
  title: string;
  hint: string;
  ok: string;
  values: Record<string, unknown>;
  /** Forms that the pipeline has for its variables. */
  forms?: readonly IForm[];
  trans: TranslationBundle;
}

/** Ask for variables; null when it was cancelled. Faulty rows are asked for again. */
export async function askVariables(
  options: IAskVariables
): Promise<Record<string, unknown> | null> {
  const { title, hint, ok, trans } = options;
  let rows = rowsOf(options.values);
  for (let strict = false; ; strict = true) {
    const body = new VariablesBody(
      rows,
      hint,
      strict,
      options.forms ?? [],
      trans
    );
    const result = await showDialog({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: ok })
      ]
    });
    if (!result.button.accept || !result.value) {
      return null;
    }
    rows = result.value;
    if (!faultsOf(rows).size && !body.faults) {
      return valuesOf(rows);
    }
  }
}
