import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IVariableRow } from './variables';
import { faultsOf, rowsOf, valuesOf } from './variables';
import { VariablesForm } from './variablesForm';

class VariablesBody
  extends ReactWidget
  implements Dialog.IBodyWidget<IVariableRow[]>
{
  constructor(
    private _rows: IVariableRow[],
    private readonly _hint: string,
    private readonly _strict: boolean,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('mage-VariablesDialog');
  }

  getValue(): IVariableRow[] {
    return this._rows;
  }

  protected render(): JSX.Element {
    return (
      <div className="mage-Form">
        <div>{this._hint}</div>
        <VariablesForm
          rows={this._rows}
          trans={this._trans}
          strict={this._strict}
          onChange={rows => {
            this._rows = rows;
            this.update();
          }}
        />
      </div>
    );
  }
}

export interface IAskVariables {
  title: string;
  hint: string;
  ok: string;
  values: Record<string, unknown>;
  trans: TranslationBundle;
}

/** Ask for variables; null when it was cancelled. Faulty rows are asked for again. */
export async function askVariables(
  options: IAskVariables
): Promise<Record<string, unknown> | null> {
  const { title, hint, ok, trans } = options;
  let rows = rowsOf(options.values);
  for (let strict = false; ; strict = true) {
    const result = await showDialog({
      title,
      body: new VariablesBody(rows, hint, strict, trans),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: ok })
      ]
    });
    if (!result.button.accept || !result.value) {
      return null;
    }
    rows = result.value;
    if (!faultsOf(rows).size) {
      return valuesOf(rows);
    }
  }
}
