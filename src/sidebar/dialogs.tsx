import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { request } from '../api/request';
import type {
  IPage,
  IPipeline,
  IPipelineTemplate,
  IProject,
  IRequirements,
  ITrigger
} from '../api/types';

export interface INewPipeline {
  name: string;
  project: string;
  description: string;
  /** Id of a template of the project; empty for none. */
  template: string;
}

/** The form of a new pipeline. */
class NewPipelineBody
  extends ReactWidget
  implements Dialog.IBodyWidget<INewPipeline>
{
  constructor(
    private readonly _projects: readonly IProject[],
    project: string,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._value = { name: '', project, description: '', template: '' };
    this._look(project);
  }

  /** Fetch the templates of a project. */
  private _look(project: string): void {
    request<IPage<IPipelineTemplate>>(['projects', project, 'templates'])
      .then(page => {
        this._templates = page.items;
        this.update();
      })
      .catch(console.debug);
  }

  getValue(): INewPipeline {
    return this._value;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const set = (change: Partial<INewPipeline>): void => {
      this._value = { ...this._value, ...change };
      this.update();
    };
    return (
      <div className="mage-Form">
        <label className="mage-Form-field">
          {trans.__('Name')}
          <input
            className="mage-Field-input"
            value={this._value.name}
            placeholder={trans.__('for example: load daily sales')}
            onChange={event => set({ name: event.target.value })}
          />
        </label>
        {this._projects.length > 1 && (
          <label className="mage-Form-field">
            {trans.__('Project')}
            <select
              className="mage-Field-input"
              value={this._value.project}
              onChange={event => {
                this._templates = [];
                set({ project: event.target.value, template: '' });
                this._look(event.target.value);
              }}
            >
              {this._projects.map(item => (
                <option key={item.slug} value={item.slug}>
                  {item.name || item.id}
                </option>
              ))}
            </select>
          </label>
        )}
        {this._templates.length > 0 && (
          <label className="mage-Form-field">
            {trans.__('Begin with')}
            <select
              className="mage-Field-input"
              value={this._value.template}
              onChange={event => set({ template: event.target.value })}
            >
              <option value="">{trans.__('an empty pipeline')}</option>
              {this._templates.map(item => (
                <option key={item.id} value={item.id}>
                  {trans.__('the template “%1”', item.name)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="mage-Form-field">
          {trans.__('Description (may be left out)')}
          <input
            className="mage-Field-input"
            value={this._value.description}
            onChange={event => set({ description: event.target.value })}
          />
        </label>
      </div>
    );
  }

  private _value: INewPipeline;
  private _templates: readonly IPipelineTemplate[] = [];
}

/** Ask for a new pipeline; null when it was cancelled or has no name. */
export async function askNewPipeline(
  projects: readonly IProject[],
  project: string,
  trans: TranslationBundle
): Promise<INewPipeline | null> {
  const result = await showDialog({
    title: trans.__('New pipeline'),
    body: new NewPipelineBody(projects, project, trans),
    focusNodeSelector: 'input',
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Create') })
    ]
  });
  return result.button.accept && result.value?.name.trim()
    ? { ...result.value, name: result.value.name.trim() }
    : null;
}

/** Ask before a pipeline is deleted, naming what will be lost. */
export async function confirmDeletePipeline(
  pipeline: IPipeline,
  triggers: readonly ITrigger[],
  trans: TranslationBundle
): Promise<boolean> {
  const files = pipeline.blocks.filter(block => block.path).length;
  const result = await showDialog({
    title: trans.__('Delete “%1”?', pipeline.name),
    body: (
      <div className="mage-Form">
        <div>{trans.__('This will be deleted and cannot be undone:')}</div>
        <ul>
          <li>
            {trans.__(
              'the pipeline, with its connections and settings (pipelines/%1)',
              pipeline.id
            )}
          </li>
          {triggers.length > 0 && (
            <li>
              {trans._n(
                '%1 trigger: %2',
                '%1 triggers: %2',
                triggers.length,
                triggers.map(item => item.name).join(', ')
              )}
            </li>
          )}
        </ul>
        {files > 0 && (
          <div>
            {trans._n(
              'The file of its %1 block stays in the project.',
              'The files of its %1 blocks stay in the project.',
              files
            )}
          </div>
        )}
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Delete the pipeline') })
    ],
    defaultButton: 0
  });
  return result.button.accept;
}

function RequirementsTable(props: {
  requirements: IRequirements;
  trans: TranslationBundle;
}): JSX.Element {
  const { requirements, trans } = props;
  const words: Record<string, string> = {
    met: trans.__('there'),
    missing: trans.__('missing'),
    other_version: trans.__('another version'),
    unknown: trans.__('not checked')
  };
  return (
    <div className="mage-Form">
      <div>
        {trans.__(
          'What the project wants, against the kernel “%1”.',
          requirements.kernel
        )}
      </div>
      {requirements.message && <div>{requirements.message}</div>}
      {requirements.items.length === 0 ? (
        <div>{trans.__('The project has no requirements.txt.')}</div>
      ) : (
        <table className="mage-Requirements">
          <thead>
            <tr>
              <th scope="col">{trans.__('Requirement')}</th>
              <th scope="col">{trans.__('State')}</th>
              <th scope="col">{trans.__('Installed')}</th>
            </tr>
          </thead>
          <tbody>
            {requirements.items.map(item => (
              <tr key={item.requirement}>
                <td>{item.requirement}</td>
                <td data-state={item.state}>
                  {words[item.state] ?? item.state}
                </td>
                <td>{item.installed ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {requirements.install_command && (
        <code>{requirements.install_command}</code>
      )}
    </div>
  );
}

/** Show requirements; true when they shall be installed. */
export async function showRequirements(
  requirements: IRequirements,
  canInstall: boolean,
  trans: TranslationBundle
): Promise<boolean> {
  const offer = canInstall && !!requirements.install_command;
  const result = await showDialog({
    title: trans.__('Requirements'),
    body: <RequirementsTable requirements={requirements} trans={trans} />,
    buttons: offer
      ? [
          Dialog.cancelButton({ label: trans.__('Close') }),
          Dialog.okButton({ label: trans.__('Install in a terminal') })
        ]
      : [Dialog.okButton({ label: trans.__('Close') })]
  });
  return offer && result.button.accept;
}
