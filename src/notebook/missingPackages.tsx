import { ReactWidget, ToolbarButtonComponent } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { request } from '../api/request';
import type { IRequirements } from '../api/types';
import { CommandIDs } from '../commands';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { INotebookParts } from './context';

/** What the project requires and the chosen kernel lacks; hidden when nothing is. */
export class MissingPackages extends ReactWidget {
  constructor(
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-Toolbar-problems');
    this.hide();
    const { sessionContext } = _document.panel;
    sessionContext.kernelChanged.connect(this._look, this);
    // What was installed meanwhile counts for a kernel that starts anew.
    sessionContext.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        this._look();
      }
    });
    _parts.commands.commandExecuted.connect(this._onCommand, this);
    this.disposed.connect(() =>
      _parts.commands.commandExecuted.disconnect(this._onCommand, this)
    );
    void sessionContext.ready.then(() => this._look());
  }

  /** Somebody comes back, from the terminal perhaps where it was installed. */
  protected onAfterShow(): void {
    if (this._missing.length) {
      this._look();
    }
  }

  protected render(): React.JSX.Element | null {
    const { commands, trans } = this._parts;
    const { project } = this._document;
    const missing = this._missing;
    return missing.length ? (
      <ToolbarButtonComponent
        label={trans._n(
          '⚠ %1 package missing',
          '⚠ %1 packages missing',
          missing.length
        )}
        tooltip={trans.__(
          'The kernel lacks what the project requires: %1',
          missing.join(', ')
        )}
        onClick={() =>
          void commands.execute(CommandIDs.showRequirements, {
            project,
            kernel: this._kernel ?? ''
          })
        }
      />
    ) : null;
  }

  private get _kernel(): string | undefined {
    return this._document.panel.sessionContext.session?.kernel?.name;
  }

  private _onCommand(
    _: unknown,
    { id, result }: CommandRegistry.ICommandExecutedArgs
  ): void {
    if (id === CommandIDs.installPackage) {
      void result.then(done => (done ? this._look() : undefined));
    }
  }

  private _look(): void {
    const kernel = this._kernel;
    if (this.isDisposed || !kernel) {
      return;
    }
    const asked = ++this._asked;
    request<IRequirements>(
      ['projects', this._document.project, 'requirements'],
      { query: { kernel } },
      this._parts.app.serviceManager.serverSettings
    ).then(
      found => {
        if (asked === this._asked && !this.isDisposed) {
          this._missing = found.items
            .filter(item => /missing|other_version/.test(item.state))
            .map(item => item.requirement);
          this.setHidden(!this._missing.length);
          this.update();
        }
      },
      // Its page says so when somebody asks; the notebook works without.
      () => undefined
    );
  }

  private _asked = 0;
  private _missing: string[] = [];
}
