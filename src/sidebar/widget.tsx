import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { IHealth } from '../api/types';
import { CommandIDs } from '../commands';
import { mageIcon } from '../icons';
import type { IWorkspace } from '../tokens';
import { argsOf, openMenu } from './menus';
import { RowContent, rowName } from './row';
import type { Row } from './rows';
import { buildRows, isExpandable } from './rows';
import { storedText } from './stored';
import { Tree } from './tree';

/** What of the sidebar outlives a reload. */
export interface ISidebarState {
  folded: string[];
}

export interface ISidebarOptions {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The left sidebar: projects, pipelines, triggers, runs. */
export class SidebarWidget extends ReactWidget {
  constructor(private readonly _options: ISidebarOptions) {
    super();
    this.id = 'mage-sidebar';
    this.addClass('mage-Sidebar');
    this.title.icon = mageIcon;
    this.title.caption = _options.trans.__('Mage: pipelines, triggers, runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _options.trans.__('Mage'));
    _options.workspace.changed.connect(() => this.update());
    void _options.workspace.ready.then(() => {
      this._loaded = true;
      this.update();
    });
  }

  /** How many ended runs are listed. */
  get recent(): number {
    return this._recent;
  }
  set recent(value: number) {
    this._recent = value;
    this.update();
  }

  get state(): ISidebarState {
    return { folded: [...this._folded] };
  }
  set state(value: ISidebarState) {
    this._folded = new Set(value.folded);
    this.update();
  }

  /** Called when what outlives a reload has changed. */
  onState: ((state: ISidebarState) => void) | null = null;

  /** Who comes back to it sees what git or a terminal made meanwhile. */
  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this._loaded) {
      void this._options.workspace.refresh();
    }
  }

  protected render(): JSX.Element {
    return (
      <SidebarView
        {...this._options}
        loaded={this._loaded}
        recent={this._recent}
        folded={this._folded}
        onFold={(id, folded) => {
          this._folded = new Set(this._folded);
          if (folded) {
            this._folded.add(id);
          } else {
            this._folded.delete(id);
          }
          this.onState?.(this.state);
          this.update();
        }}
      />
    );
  }

  private _loaded = false;
  private _recent = 10;
  private _folded: ReadonlySet<string> & Set<string> = new Set<string>();
}

interface IViewProps extends ISidebarOptions {
  loaded: boolean;
  recent: number;
  folded: ReadonlySet<string>;
  onFold: (id: string, folded: boolean) => void;
}

function SidebarView(props: IViewProps): JSX.Element {
  const { workspace, commands, trans, loaded } = props;
  const [filter, setFilter] = React.useState('');
  const empty = loaded && !workspace.projects.length;
  return (
    <>
      <div className="mage-Sidebar-head">
        <h2 className="mage-Sidebar-title">{trans.__('Mage')}</h2>
        <button
          className="mage-IconButton"
          title={trans.__('Refresh')}
          aria-label={trans.__('Refresh projects and runs')}
          onClick={() => void commands.execute(CommandIDs.refresh)}
        >
          <refreshIcon.react tag="span" />
        </button>
        <button
          className="mage-IconButton"
          title={trans.__('New pipeline')}
          aria-label={trans.__('New pipeline')}
          onClick={() => void commands.execute(CommandIDs.newPipeline)}
        >
          <addIcon.react tag="span" />
        </button>
      </div>
      {!empty && (
        <div className="mage-Sidebar-filter">
          <input
            className="mage-Field-input"
            type="search"
            placeholder={trans.__('Filter…')}
            aria-label={trans.__('Filter pipelines, triggers and runs')}
            value={filter}
            onChange={event => setFilter(event.target.value)}
          />
        </div>
      )}
      <div className="mage-Sidebar-body">
        {workspace.error && (
          <div className="mage-Message" role="alert">
            {workspace.error}{' '}
            <button
              className="mage-Link"
              onClick={() => void workspace.refresh()}
            >
              {trans.__('Try again')}
            </button>
          </div>
        )}
        {empty && !workspace.error && <NoProject {...props} />}
        {workspace.projects.length > 0 && (
          <SidebarTree {...props} filter={filter.trim()} />
        )}
      </div>
      <Stored health={workspace.health} trans={trans} />
    </>
  );
}

/** How much room the stored outputs take, and how long they stay. */
function Stored(props: {
  health: IHealth | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { health, trans } = props;
  const text = health && storedText(health, trans);
  return (
    text && (
      <div className="mage-Sidebar-foot" title={text.title}>
        {text.text}
      </div>
    )
  );
}

function NoProject(props: IViewProps): JSX.Element {
  const { commands, trans } = props;
  return (
    <div className="mage-Empty">
      <p>
        {trans.__(
          'A project is a folder that holds pipelines: small blocks of code that load, change and store data. There is none here yet.'
        )}
      </p>
      <div className="mage-Empty-buttons">
        <button
          className="mage-Button mage-mod-accept"
          onClick={() => void commands.execute(CommandIDs.createProject)}
        >
          {trans.__('Create one here')}
        </button>
        <button
          className="mage-Button"
          onClick={() => void commands.execute(CommandIDs.openExample)}
        >
          {trans.__('Open the example')}
        </button>
      </div>
      <p>
        {trans.__(
          'You have a Mage project already? Start JupyterLab in its folder or above it, and it appears here.'
        )}
      </p>
    </div>
  );
}

function EmptyProject(props: IViewProps & { project: string }): JSX.Element {
  const { commands, trans, project } = props;
  return (
    <>
      <p>{trans.__('This project has no pipeline yet.')}</p>
      <div className="mage-Empty-buttons">
        <button
          className="mage-Button mage-mod-small"
          onClick={() =>
            void commands.execute(CommandIDs.newPipeline, { project })
          }
        >
          {trans.__('New pipeline')}
        </button>
        <button
          className="mage-Button mage-mod-small"
          onClick={() => void commands.execute(CommandIDs.openExample)}
        >
          {trans.__('Open the example')}
        </button>
        <button
          className="mage-Button mage-mod-small"
          onClick={() =>
            void commands.execute(CommandIDs.importNotebook, { project })
          }
        >
          {trans.__('Import a notebook')}
        </button>
      </div>
    </>
  );
}

function SidebarTree(props: IViewProps & { filter: string }): JSX.Element {
  const { workspace, commands, trans, filter, folded, onFold } = props;
  const rows = buildRows(
    workspace,
    { filter, folded, recent: props.recent },
    {
      triggers: trans.__('Triggers'),
      running: trans.__('Running now'),
      recent: trans.__('Recent runs'),
      allRuns: trans.__('All runs…'),
      newTrigger: trans.__('Run one on a schedule…')
    }
  );
  const onOpen = (row: Row): void => {
    if (isExpandable(row)) {
      onFold(row.id, row.expanded);
      return;
    }
    if (row.kind === 'pipeline' && row.pipeline.problem?.file) {
      // It cannot be opened as a notebook: show where it is broken.
      const { project, problem } = row.pipeline;
      void commands.execute(CommandIDs.openProblem, {
        project,
        file: problem.file,
        line: problem.line ?? 1
      });
      return;
    }
    const command = {
      pipeline: CommandIDs.openPipeline,
      trigger: CommandIDs.editTrigger,
      run: CommandIDs.openRun,
      problem: CommandIDs.openProblem,
      link:
        row.kind === 'link' && row.to === 'new-trigger'
          ? CommandIDs.newTrigger
          : CommandIDs.openRuns,
      empty: null
    }[row.kind];
    if (command) {
      void commands.execute(command, argsOf(row));
    }
  };
  const onDelete = (row: Row): void => {
    if (row.kind === 'pipeline') {
      void commands.execute(CommandIDs.deletePipeline, argsOf(row));
    } else if (row.kind === 'trigger') {
      void commands.execute(CommandIDs.deleteTrigger, argsOf(row));
    }
  };
  return (
    <Tree
      rows={rows}
      label={trans.__('Pipelines, triggers and runs')}
      render={row =>
        row.kind === 'empty' ? (
          <EmptyProject {...props} project={row.project} />
        ) : (
          <RowContent row={row} trans={trans} />
        )
      }
      nameOf={row => rowName(row, trans)}
      onOpen={onOpen}
      onFold={(row, fold) => onFold(row.id, fold)}
      onRename={row => {
        if (row.kind === 'pipeline') {
          void commands.execute(CommandIDs.renamePipeline, argsOf(row));
        }
      }}
      onDelete={onDelete}
      onMenu={(row, x, y) => openMenu(row, commands, x, y)}
    />
  );
}
