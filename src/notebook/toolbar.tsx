import {
  CommandToolbarButton,
  Dialog,
  ReactWidget,
  showDialog
} from '@jupyterlab/apputils';
import { ToolbarButtonComponent } from '@jupyterlab/ui-components';
import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { triggerIcon } from '../icons';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { IWorkspace } from '../tokens';
import { openMenu } from '../ui/menu';
import { addMenu } from './blockMenus';
import type { INotebookParts } from './context';
import { MissingPackages } from './missingPackages';
import { fitToolbar } from './toolbarFit';

/** Put what belongs to pipelines at the head of the notebook's toolbar. */
export function fillToolbar(
  document: PipelineDocument,
  parts: INotebookParts,
  workspace: IWorkspace | null
): void {
  const { toolbar } = document.panel;
  const { commands, trans } = parts;
  const button = (id: string, label?: string): CommandToolbarButton =>
    new CommandToolbarButton({
      commands,
      id,
      args: { toolbar: true },
      label
    });
  toolbar.insertItem(
    0,
    'mage-run-all',
    button(CommandIDs.runAll, trans.__('Run all'))
  );
  toolbar.insertItem(
    1,
    'mage-run-stale',
    button(CommandIDs.runStale, trans.__('Stale only'))
  );
  toolbar.insertItem(2, 'mage-add', new AddButton(document, parts));
  toolbar.insertItem(3, 'mage-canvas', button(CommandIDs.openCanvas, ''));
  toolbar.insertItem(
    4,
    'mage-settings',
    button(CommandIDs.pipelineSettings, '')
  );
  toolbar.insertItem(5, 'mage-problems', new Problems(document, parts));
  toolbar.insertItem(
    6,
    'mage-missing-packages',
    new MissingPackages(document, parts)
  );
  if (workspace) {
    toolbar.insertItem(
      7,
      'mage-trigger',
      new TriggerSummary(document, parts, workspace)
    );
  }
  fitToolbar(toolbar);
}

class AddButton extends ReactWidget {
  constructor(
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-Toolbar-add');
  }

  protected render(): React.JSX.Element {
    const { trans } = this._parts;
    return (
      <ToolbarButtonComponent
        icon={addIcon}
        label={trans.__('Block')}
        tooltip={trans.__('Add a block after the selected one')}
        onClick={() => this._open()}
      />
    );
  }

  private _open(): void {
    const document = this._document;
    const after = document.activeBlock;
    void addMenu(this._parts, document, after).then(entries =>
      openMenu(entries, this.node)
    );
  }
}

/** The next time the pipeline runs by itself. */
class TriggerSummary extends ReactWidget {
  constructor(
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts,
    private readonly _workspace: IWorkspace
  ) {
    super();
    this.addClass('mage-Toolbar-trigger');
    const look = (): void => {
      if (!this.isDisposed) {
        this.update();
      }
    };
    _workspace.changed.connect(look);
    this.disposed.connect(() => _workspace.changed.disconnect(look));
  }

  protected render(): React.JSX.Element {
    const { commands, trans } = this._parts;
    const { project, pipeline } = this._document;
    const triggers = this._workspace.triggers.filter(
      trigger => trigger.project === project && trigger.pipeline === pipeline
    );
    const enabled = triggers.filter(trigger => trigger.enabled);
    const first = [...enabled].sort((a, b) =>
      (a.next_fire ?? '~').localeCompare(b.next_fire ?? '~')
    )[0];
    const label = first
      ? first.words
      : triggers.length
        ? trans.__('schedule off')
        : trans.__('Schedule');
    const next = first?.next_fire
      ? trans.__('Next: %1', new Date(first.next_fire).toLocaleString())
      : triggers.length
        ? trans.__('Its triggers are off')
        : trans.__('Let it run by itself');
    return (
      <ToolbarButtonComponent
        icon={triggerIcon}
        label={label}
        tooltip={next}
        onClick={() =>
          void (triggers.length
            ? commands.execute(CommandIDs.openTriggers, { project, pipeline })
            : commands.execute(CommandIDs.newTrigger, { project, pipeline }))
        }
      />
    );
  }
}

/** What is wrong or odd in the pipeline's files; hidden when nothing is. */
class Problems extends ReactWidget {
  constructor(
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-Toolbar-problems');
    _document.changed.connect(() => this._look());
    this._look();
  }

  protected render(): React.JSX.Element | null {
    const { trans } = this._parts;
    const problems = this._document.settings.problems ?? [];
    return problems.length ? (
      <ToolbarButtonComponent
        label={trans._n('⚠ %1 problem', '⚠ %1 problems', problems.length)}
        tooltip={problems.map(problem => problem.message).join('\n')}
        onClick={() => this._show()}
      />
    ) : null;
  }

  private _look(): void {
    if (!this.isDisposed) {
      this.setHidden(!this._document.settings.problems?.length);
      this.update();
    }
  }

  private _show(): void {
    const { trans } = this._parts;
    const problems = this._document.settings.problems ?? [];
    void showDialog({
      title: trans.__('Problems of “%1”', this._document.name),
      body: (
        <ul className="mage-Problems">
          {problems.map((problem, index) => (
            <li key={index} data-severity={problem.severity}>
              {problem.message}
            </li>
          ))}
        </ul>
      ),
      buttons: [Dialog.okButton()]
    });
  }
}
