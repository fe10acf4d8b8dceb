import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

export interface INewTemplate {
  name: string;
  description: string;
}

class TemplateBody
  extends ReactWidget
  implements Dialog.IBodyWidget<INewTemplate>
{
  constructor(
    private _value: INewTemplate,
    private readonly _problem: string,
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  getValue(): INewTemplate {
    return this._value;
  }

  protected render(): JSX.Element {
    const field = (key: keyof INewTemplate, label: string): JSX.Element => (
      <label className="mage-Form-field">
        {label}
        <input
          className="mage-Field-input"
          value={this._value[key]}
          onChange={event => {
            this._value = { ...this._value, [key]: event.target.value };
            this.update();
          }}
        />
      </label>
    );
    return (
      <div className="mage-Form">
        {this._problem && (
          <p className="mage-Message" role="alert">
            {this._problem}
          </p>
        )}
        {field('name', this._trans.__('Name of the template'))}
        {field('description', this._trans.__('Description (may be left out)'))}
      </div>
    );
  }
}

/**
 * Ask for the name of a new template and save it; asked again with what is
 * wrong until it is saved. Null when it was cancelled or has no name.
 */
export async function askTemplate(options: {
  title: string;
  name: string;
  save: (template: INewTemplate) => Promise<unknown>;
  trans: TranslationBundle;
}): Promise<string | null> {
  const { trans } = options;
  let value: INewTemplate = { name: options.name, description: '' };
  for (let problem = ''; ;) {
    const result = await showDialog({
      title: options.title,
      body: new TemplateBody(value, problem, trans),
      focusNodeSelector: 'input',
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Save') })
      ]
    });
    const name = result.value?.name.trim();
    if (!result.button.accept || !result.value || !name) {
      return null;
    }
    value = result.value;
    try {
      await options.save({ name, description: value.description.trim() });
      return name;
    } catch (error) {
      problem = (error as Error).message;
    }
  }
}
