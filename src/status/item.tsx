import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands';
import type { IWorkspace } from '../tokens';
import { statusText } from './text';

/** Says in the status bar what runs; a click opens the runs. */
export class StatusItem extends ReactWidget {
  constructor(
    private readonly _workspace: IWorkspace,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('mage-StatusItem');
    _workspace.changed.connect(this.update, this);
  }

  dispose(): void {
    this._workspace.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { text, title, bad } = statusText(this._workspace, this._trans);
    return (
      <button
        className="mage-StatusItem-button"
        data-bad={bad}
        title={title}
        onClick={() => void this._commands.execute(CommandIDs.openRuns)}
      >
        {text}
      </button>
    );
  }
}
