import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import type { ITrigger } from '../api/types';
import { CommandIDs } from '../commands';
import { triggerIcon } from '../icons';
import type { IWorkspace } from '../tokens';
import { localZone } from '../ui/time';
import { mayDiscard } from '../ui/mayDiscard';
import { draftOf, newDraft } from './draft';
import { TriggerForm } from './form';
import { TriggerList } from './list';
import { schedulerTrouble } from './words';

export interface ITriggersContext {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** What the page shows: the list, or the form of one trigger. */
export type View =
  | { kind: 'list'; project: string; pipeline: string }
  | { kind: 'new'; project: string; pipeline: string }
  | { kind: 'edit'; trigger: string };

const WHOLE_LIST: View = { kind: 'list', project: '', pipeline: '' };

/** The page of triggers. */
export class TriggersPage extends ReactWidget {
  constructor(private readonly _context: ITriggersContext) {
    super();
    this.addClass('mage-Triggers');
    this.title.icon = triggerIcon;
    this.title.label = _context.trans.__('Triggers');
    _context.workspace.changed.connect(this.update, this);
  }

  get view(): View {
    return this._view;
  }

  get viewChanged(): ISignal<this, void> {
    return this._viewChanged;
  }

  /** Show the list or a form; what was typed is not thrown away unasked. */
  async open(view: View): Promise<void> {
    if (this._dirty && this._view.kind !== 'list') {
      const { trans } = this._context;
      const what = trans.__('The trigger that is being edited is not saved.');
      if (!(await mayDiscard(what, trans))) {
        return;
      }
    }
    if (view.kind !== 'list' && this._view.kind === 'list') {
      this._back = this._view;
    }
    this._dirty = false;
    this._view = view;
    this._serial += 1;
    this._viewChanged.emit();
    this.update();
  }

  dispose(): void {
    this._context.workspace.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const view = this._view;
    if (view.kind === 'list') {
      return (
        <ListView
          {...this._context}
          view={view}
          onView={next => void this.open(next)}
        />
      );
    }
    return this._form(view);
  }

  private _form(view: Exclude<View, { kind: 'list' }>): JSX.Element {
    const { workspace, trans } = this._context;
    const leave = (): void => {
      this._dirty = false;
      void this.open(this._back);
    };
    let trigger: ITrigger | null = null;
    if (view.kind === 'edit') {
      trigger =
        workspace.triggers.find(item => item.id === view.trigger) ?? null;
      if (!trigger) {
        return (
          <div className="mage-Empty">
            <p>{trans.__('This trigger is not there any more.')}</p>
            <button className="mage-Button" onClick={leave}>
              {trans.__('Show all triggers')}
            </button>
          </div>
        );
      }
    }
    const project =
      view.kind === 'new'
        ? view.project || (workspace.projects[0]?.slug ?? '')
        : '';
    return (
      <TriggerForm
        // A form keeps what was typed while the workspace changes around it.
        key={this._serial}
        trigger={trigger}
        initial={
          trigger
            ? draftOf(trigger)
            : newDraft(
                project,
                view.kind === 'new' ? view.pipeline : '',
                localZone()
              )
        }
        workspace={workspace}
        trans={trans}
        onDirty={dirty => {
          this._dirty = dirty;
        }}
        onSaved={() => {
          void workspace.refresh();
          leave();
        }}
        onCancel={() => void this.open(this._back)}
      />
    );
  }

  private _view: View = WHOLE_LIST;
  private _back: View = WHOLE_LIST;
  private _dirty = false;
  private _serial = 0;
  private readonly _viewChanged = new Signal<this, void>(this);
}

type List = Extract<View, { kind: 'list' }>;

interface IListViewProps extends ITriggersContext {
  view: List;
  onView: (view: View) => void;
}

function Bar(props: IListViewProps): JSX.Element {
  const { workspace, commands, trans, view, onView } = props;
  const pipelines = workspace.pipelines.filter(
    item => !view.project || item.project === view.project
  );
  return (
    <div className="mage-Runs-filters" role="search">
      {workspace.projects.length > 1 && (
        <select
          className="mage-Field-input"
          aria-label={trans.__('Project')}
          value={view.project}
          onChange={event =>
            onView({ kind: 'list', project: event.target.value, pipeline: '' })
          }
        >
          <option value="">{trans.__('All projects')}</option>
          {workspace.projects.map(item => (
            <option key={item.slug} value={item.slug}>
              {item.name}
            </option>
          ))}
        </select>
      )}
      <select
        className="mage-Field-input"
        aria-label={trans.__('Pipeline')}
        value={view.pipeline}
        onChange={event => onView({ ...view, pipeline: event.target.value })}
      >
        <option value="">{trans.__('All pipelines')}</option>
        {pipelines.map(item => (
          <option key={`${item.project}/${item.id}`} value={item.id}>
            {item.name}
          </option>
        ))}
      </select>
      <button
        className="mage-Button mage-mod-accept mage-Triggers-new"
        onClick={() =>
          void commands.execute(CommandIDs.newTrigger, {
            project: view.project,
            pipeline: view.pipeline
          })
        }
      >
        <addIcon.react tag="span" />
        {trans.__('New trigger')}
      </button>
    </div>
  );
}

function ListView(props: IListViewProps): JSX.Element {
  const { workspace, trans, view, onView } = props;
  const triggers = workspace.triggers.filter(
    item =>
      (!view.project || item.project === view.project) &&
      (!view.pipeline || item.pipeline === view.pipeline)
  );
  const trouble = schedulerTrouble(workspace.health, trans);
  return (
    <>
      <Bar {...props} />
      {trouble && (
        <p className="mage-Message" role="alert">
          {trans.__('No schedule fires now: %1', trouble)}
        </p>
      )}
      {workspace.error && (
        <p className="mage-Message" role="alert">
          {workspace.error}
        </p>
      )}
      <div className="mage-Runs-body">
        {triggers.length > 0 ? (
          <TriggerList {...props} triggers={triggers} />
        ) : (
          <div className="mage-Empty">
            {view.project || view.pipeline ? (
              <>
                <p>{trans.__('There is no such trigger.')}</p>
                {workspace.triggers.length > 0 && (
                  <button
                    className="mage-Button"
                    onClick={() => onView(WHOLE_LIST)}
                  >
                    {trans.__('Show all triggers')}
                  </button>
                )}
              </>
            ) : (
              <p>
                {trans.__(
                  'A trigger runs a pipeline by itself, for example every morning at 6:00. It fires while this Jupyter server runs, also when the browser is closed.'
                )}
              </p>
            )}
          </div>
        )}
      </div>
    </>
  );
}
