import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { request } from '../api/request';
import type { IPage, IPipelineSummary, ISecret } from '../api/types';

export interface ISecretsOf {
  project: string;
  projectName: string;
  pipelines: readonly IPipelineSummary[];
  trans: TranslationBundle;
}

class SecretsBody extends ReactWidget {
  constructor(private readonly _of: ISecretsOf) {
    super();
    this.addClass('mage-FormDialog');
  }

  protected render(): React.JSX.Element {
    return <Secrets {...this._of} />;
  }
}

/** Show the names of a project's secrets; keep and delete some. */
export async function manageSecrets(of: ISecretsOf): Promise<void> {
  const { trans } = of;
  await showDialog({
    title: trans.__('Secrets of %1', of.projectName),
    body: new SecretsBody(of),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

interface ITyped {
  name: string;
  value: string;
  pipeline: string;
}

const NOTHING: ITyped = { name: '', value: '', pipeline: '' };

function Secrets(of: ISecretsOf): React.JSX.Element {
  const { project, trans } = of;
  const [items, setItems] = React.useState<readonly ISecret[] | null>(null);
  const [typed, setTyped] = React.useState(NOTHING);
  const [error, setError] = React.useState('');
  const path = ['projects', project, 'secrets'];
  const ask = async (task: () => Promise<unknown>): Promise<boolean> => {
    try {
      setError('');
      await task();
      setItems((await request<IPage<ISecret>>(path)).items);
      return true;
    } catch (problem) {
      setError((problem as Error).message);
      return false;
    }
  };
  React.useEffect(() => void ask(async () => undefined), [project]);
  const there = items?.some(
    item =>
      item.name === typed.name.trim() &&
      (item.pipeline ?? '') === typed.pipeline
  );
  const keep = async (): Promise<void> => {
    const done = await ask(() =>
      request(path, {
        method: 'POST',
        body: {
          name: typed.name.trim(),
          value: typed.value,
          pipeline: typed.pipeline || null,
          replace: there
        }
      })
    );
    if (done) {
      setTyped(NOTHING);
    }
  };
  const remove = (item: ISecret): void =>
    void ask(() =>
      request([...path, item.slug], {
        method: 'DELETE',
        query: { pipeline: item.pipeline }
      })
    );
  return (
    <div className="mage-Form">
      <p className="mage-Form-hint">
        {trans.__(
          'Code and io_config.yaml ask for a secret by its name. Values are kept encrypted outside of the project and never shown again.'
        )}
      </p>
      {error ? (
        <p className="mage-Field-error" role="alert">
          {error}
        </p>
      ) : null}
      {items?.length ? (
        <List items={items} of={of} onRemove={remove} />
      ) : items ? (
        <p>{trans.__('No secrets yet.')}</p>
      ) : null}
      <AddForm
        of={of}
        typed={typed}
        there={!!there}
        onChange={setTyped}
        onKeep={() => void keep()}
      />
    </div>
  );
}

function List(props: {
  items: readonly ISecret[];
  of: ISecretsOf;
  onRemove: (item: ISecret) => void;
}): React.JSX.Element {
  const { items, onRemove } = props;
  const { trans, pipelines } = props.of;
  const [asked, setAsked] = React.useState<ISecret | null>(null);
  const scope = (item: ISecret): string =>
    item.pipeline === null
      ? trans.__('the project')
      : (pipelines.find(other => other.id === item.pipeline)?.name ??
        item.pipeline);
  return (
    <table className="mage-Requirements">
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('For')}</th>
          <th scope="col">{trans.__('Set')}</th>
          <th scope="col">
            <span className="mage-hidden">{trans.__('Delete')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map(item => (
          <tr key={`${item.pipeline ?? ''}/${item.name}`}>
            <td>
              <code>{item.name}</code>
            </td>
            <td>{scope(item)}</td>
            <td>{new Date(item.changed).toLocaleDateString()}</td>
            <td>
              {asked === item ? (
                <button
                  type="button"
                  className="mage-Link"
                  onClick={() => onRemove(item)}
                >
                  {trans.__('Delete it')}
                </button>
              ) : (
                <button
                  type="button"
                  className="mage-IconButton"
                  title={trans.__('Delete; what asks for it will fail')}
                  aria-label={trans.__('Delete the secret %1', item.name)}
                  onClick={() => setAsked(item)}
                >
                  <deleteIcon.react tag="span" />
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AddForm(props: {
  of: ISecretsOf;
  typed: ITyped;
  there: boolean;
  onChange: (typed: ITyped) => void;
  onKeep: () => void;
}): React.JSX.Element {
  const { typed, there, onChange, onKeep } = props;
  const { trans, pipelines } = props.of;
  const ready = !!typed.name.trim() && !!typed.value;
  return (
    <form
      className="mage-Secrets-add"
      onSubmit={event => event.preventDefault()}
      onKeyDown={event => {
        // The dialog would close on Enter.
        if (event.key === 'Enter') {
          event.stopPropagation();
          event.preventDefault();
          if (ready) {
            onKeep();
          }
        }
      }}
    >
      <input
        className="mage-Field-input"
        aria-label={trans.__('Name of the secret')}
        placeholder={trans.__('name')}
        value={typed.name}
        spellCheck={false}
        onChange={event => onChange({ ...typed, name: event.target.value })}
      />
      <input
        className="mage-Field-input"
        type="password"
        autoComplete="new-password"
        aria-label={trans.__('Value of the secret')}
        placeholder={trans.__('value')}
        value={typed.value}
        onChange={event => onChange({ ...typed, value: event.target.value })}
      />
      <select
        className="mage-Field-input"
        aria-label={trans.__('What the secret is for')}
        value={typed.pipeline}
        onChange={event => onChange({ ...typed, pipeline: event.target.value })}
      >
        <option value="">{trans.__('the project')}</option>
        {pipelines.map(item => (
          <option key={item.id} value={item.id}>
            {item.name}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="mage-Button"
        disabled={!ready}
        onClick={onKeep}
      >
        {there ? trans.__('Set anew') : trans.__('Keep')}
      </button>
    </form>
  );
}
