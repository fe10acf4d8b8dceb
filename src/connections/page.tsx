import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { connectionIcon } from '../icons';
import type { IWorkspace } from '../tokens';
import { TrialLine } from '../ui/trialLine';
import { mayDiscard } from '../ui/mayDiscard';
import { cardsOf, faultOf, type ICard } from './draft';
import { FieldRow } from './fields';
import { ConnectionsModel } from './model';

export interface IConnectionsContext {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** `io_config.yaml` of one project, as a form. */
export class ConnectionsPage extends ReactWidget {
  constructor(
    readonly project: string,
    private readonly _context: IConnectionsContext
  ) {
    super();
    const { trans, workspace } = _context;
    this.addClass('mage-Connections');
    this.model = new ConnectionsModel(project, trans);
    this.model.changed.connect(this.update, this);
    this.title.icon = connectionIcon;
    const name = workspace.projects.find(item => item.slug === project)?.name;
    this.title.label = name
      ? trans.__('Connections of %1', name)
      : trans.__('Connections');
    void this.model.load();
  }

  readonly model: ConnectionsModel;

  dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected render(): React.JSX.Element {
    const { model } = this;
    const { trans } = this._context;
    const { file } = model;
    if (!file) {
      return (
        <div className="mage-Empty">
          <p role={model.error ? 'alert' : undefined}>{model.error ?? ''}</p>
        </div>
      );
    }
    const shown = file.profiles.find(item => item.name === model.profile);
    const cards = cardsOf(shown, file.connectors, model.opened, model.draft);
    return (
      <>
        <Bar page={this} {...this._context} />
        {file.problem ? (
          <p className="mage-Message" role="alert">
            {file.problem}
          </p>
        ) : null}
        {model.error ? (
          <p className="mage-Message" role="alert">
            {model.error}{' '}
            {model.conflict ? (
              <button className="mage-Link" onClick={() => void model.load()}>
                {trans.__('Reload, keeping what you typed')}
              </button>
            ) : null}
          </p>
        ) : null}
        <div className="mage-Connections-body">
          {cards.length === 0 && !file.problem ? (
            <div className="mage-Empty">
              <p>
                {trans.__(
                  'A profile says how blocks reach databases and buckets. Passwords are kept as secrets or in environment variables; the file only refers to them.'
                )}
              </p>
            </div>
          ) : null}
          {cards.map(card => (
            <Card
              key={card.connector?.id ?? ''}
              card={card}
              page={this}
              {...this._context}
            />
          ))}
          {file.problem ? null : <Add page={this} {...this._context} />}
        </div>
        {model.dirty ? <SaveBar model={model} trans={trans} /> : null}
      </>
    );
  }
}

interface IPartProps extends IConnectionsContext {
  page: ConnectionsPage;
}

function Bar({ page, commands, workspace, trans }: IPartProps): JSX.Element {
  const { model, project } = page;
  const names = model.file?.profiles.map(item => item.name) ?? [];
  const folder = workspace.projects.find(item => item.slug === project)?.id;
  const choose = async (profile: string): Promise<void> => {
    if (
      !model.dirty ||
      (await mayDiscard(
        trans.__('The changes of this profile are not saved.'),
        trans
      ))
    ) {
      model.choose(profile);
    }
  };
  const create = async (): Promise<void> => {
    const asked = await InputDialog.getText({
      title: trans.__('New profile'),
      label: trans.__('Name, as blocks will say it'),
      okLabel: trans.__('Create')
    });
    if (asked.button.accept && asked.value?.trim()) {
      await model.create(asked.value.trim());
    }
  };
  return (
    <div className="mage-Runs-filters">
      <label className="mage-Connections-profile">
        {trans.__('Profile')}
        <select
          className="mage-Field-input"
          value={model.profile}
          disabled={model.saving}
          onChange={event => void choose(event.target.value)}
        >
          {[...new Set([...names, model.profile])].map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button
        className="mage-Button"
        disabled={!!model.file?.problem || model.dirty}
        title={model.dirty ? trans.__('Save or discard first') : ''}
        onClick={() => void create()}
      >
        {trans.__('New profile…')}
      </button>
      <span className="mage-Connections-space" />
      <button
        className="mage-Button"
        onClick={() =>
          void commands
            .execute(CommandIDs.manageSecrets, { project })
            .then(() => model.load())
        }
      >
        {trans.__('Secrets…')}
      </button>
      <button
        className="mage-Button"
        disabled={!model.file?.exists || folder === undefined}
        onClick={() =>
          void commands.execute('docmanager:open', {
            path: PathExt.join(folder ?? '', 'io_config.yaml'),
            factory: 'Editor'
          })
        }
      >
        {trans.__('Edit the file')}
      </button>
    </div>
  );
}

function Card(props: IPartProps & { card: ICard }): JSX.Element {
  const { card, page, commands, trans } = props;
  const { model } = page;
  const { connector } = card;
  const id = React.useId();
  const trial = connector ? model.trials.get(connector.id) : undefined;
  const tryOut = async (): Promise<void> => {
    if (connector && (!model.dirty || (await model.save()))) {
      await model.tryOut(connector.id);
    }
  };
  const faulty = faultOf(model.draft) !== null;
  return (
    <section className="mage-Connection" aria-labelledby={id}>
      <header className="mage-Connection-head">
        <h3 id={id}>{connector?.label ?? trans.__('Other keys')}</h3>
        {connector?.testable ? (
          <button
            className="mage-Button mage-mod-small"
            disabled={model.saving || faulty || !!trial?.stop}
            aria-label={trans.__('Test the connection to %1', connector.label)}
            onClick={() => void tryOut()}
          >
            {model.dirty ? trans.__('Save and test') : trans.__('Test')}
          </button>
        ) : null}
      </header>
      {trial ? (
        <TrialLine
          trial={trial}
          trans={trans}
          onInstall={missing =>
            void commands
              .execute(CommandIDs.installPackage, {
                project: model.project,
                package: missing.package,
                environment: missing.environment,
                python: missing.python
              })
              .then(done => (done ? tryOut() : undefined))
          }
        />
      ) : null}
      <div className="mage-Connection-rows">
        {card.fields.map(field => (
          <FieldRow
            key={field.id}
            field={field}
            draft={model.draft}
            profile={model.profile}
            secrets={model.file?.secrets ?? []}
            disabled={model.saving}
            trans={trans}
            onChange={entry => model.edit(field, entry)}
          />
        ))}
      </div>
    </section>
  );
}

/** Another connector, or a key that none knows. */
function Add({ page, trans }: IPartProps): JSX.Element {
  const { model } = page;
  const { file } = model;
  const shown = file?.profiles.find(item => item.name === model.profile);
  const cards = cardsOf(
    shown,
    file?.connectors ?? [],
    model.opened,
    model.draft
  );
  const there = new Set(cards.map(card => card.connector?.id));
  const addKey = async (): Promise<void> => {
    const asked = await InputDialog.getText({
      title: trans.__('New key'),
      label: trans.__('Its name, as code asks for it'),
      okLabel: trans.__('Add')
    });
    const key = asked.value?.trim();
    if (asked.button.accept && key) {
      model.add(key);
    }
  };
  return (
    <div className="mage-Connections-add">
      <select
        className="mage-Field-input"
        aria-label={trans.__('Add a connector')}
        value=""
        // What is being written ends in a form of its own.
        disabled={model.saving}
        onChange={event => model.open(event.target.value)}
      >
        <option value="">{trans.__('Add a connector…')}</option>
        {file?.connectors
          .filter(item => !there.has(item.id))
          .map(item => (
            <option key={item.id} value={item.id}>
              {item.label}
            </option>
          ))}
      </select>
      <button
        className="mage-Button"
        disabled={model.saving}
        onClick={() => void addKey()}
      >
        <addIcon.react tag="span" />
        {trans.__('Another key…')}
      </button>
    </div>
  );
}

function SaveBar(props: {
  model: ConnectionsModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const fault = faultOf(model.draft);
  const words = {
    name: trans.__('A name holds no quotes, braces or backslashes.'),
    'secret-value': trans.__('Name the secret whose value you typed.')
  };
  return (
    <div className="mage-Connections-save">
      <button
        className="mage-Button mage-mod-accept"
        disabled={fault !== null || model.saving}
        onClick={() => void model.save()}
      >
        {trans.__('Save')}
      </button>
      <button className="mage-Button" onClick={() => model.discard()}>
        {trans.__('Discard')}
      </button>
      <span role={fault ? 'alert' : undefined} data-fault={fault !== null}>
        {fault
          ? words[fault]
          : trans._n(
              '%1 key changed, not saved yet',
              '%1 keys changed, not saved yet',
              model.draft.size
            )}
      </span>
    </div>
  );
}
