import type { CodeCell } from '@jupyterlab/cells';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { blockOfCell } from '../model/cells';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { IBlockStatus } from '../tokens';
import { isStep } from '../ui/blockTypes';
import { endedBadly } from '../ui/state';
import { type INotebookParts, onBlock } from './context';

const FOLDED = 'mage-mod-folded';

/** The message of a failure in one red line; the traceback is folded below it. */
export class ErrorBar extends ReactWidget {
  constructor(
    private readonly _cell: CodeCell,
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-ErrorBar');
    _document.statusChanged.connect(this._onStatus, this);
    _cell.disposed.connect(() => this.dispose());
    this._look();
  }

  protected render(): React.JSX.Element | null {
    const block = this._block();
    const error = block?.status.error;
    if (!block || !error) {
      return null;
    }
    const { trans } = this._parts;
    const failed = endedBadly(block.status.state);
    // Where input is missing, running it again would only say so again.
    const again = block.status.noInput
      ? {
          label: trans.__('Run with its upstream'),
          command: CommandIDs.runWithUpstream
        }
      : {
          label: trans.__('Run from here again'),
          command: isStep(block.type)
            ? CommandIDs.runFromHere
            : CommandIDs.runBlock
        };
    const folded = this._cell.hasClass(FOLDED);
    return (
      <div className="mage-Error" role="alert">
        <span className="mage-Error-words">
          <span aria-hidden="true">{failed ? '✕ ' : '○ '}</span>
          {error}
        </span>
        <span className="mage-Error-actions">
          {failed ? (
            <button
              className="mage-Link"
              data-lm-suppress-shortcuts="true"
              aria-expanded={!folded}
              onClick={() => {
                this._cell.toggleClass(FOLDED);
                this.update();
              }}
            >
              {folded
                ? trans.__('Show the traceback')
                : trans.__('Hide the traceback')}
            </button>
          ) : null}
          <Remedies
            status={block.status}
            document={this._document}
            parts={this._parts}
            onAgain={() => this._again(block.id)}
          />
          <button
            className="mage-Link"
            data-lm-suppress-shortcuts="true"
            onClick={() =>
              onBlock(this._parts, again.command, this._document, block.id)
            }
          >
            {again.label}
          </button>
        </span>
      </div>
    );
  }

  /** Run what failed once more, now that what it lacked is there. */
  private _again(id: string): void {
    onBlock(this._parts, CommandIDs.runBlock, this._document, id);
  }

  private _block(): ReturnType<PipelineDocument['block']> {
    const id = blockOfCell(this._cell)?.uuid;
    return id === undefined ? undefined : this._document.block(id);
  }

  private _onStatus(_: PipelineDocument, id: string): void {
    if (blockOfCell(this._cell)?.uuid === id) {
      this._look();
    }
  }

  private _look(): void {
    const status = this._block()?.status;
    const shown = `${status?.state} ${status?.version} ${status?.error ?? ''}`;
    if (shown === this._shown || this.isDisposed) {
      return;
    }
    this._shown = shown;
    this.setHidden(!status?.error);
    this._cell.toggleClass(
      FOLDED,
      endedBadly(status?.state) && !!status?.error
    );
    this.update();
  }

  private _shown = '';
}

const CONNECTOR = /io_config\.yaml|the setting [A-Z_]+/;

/** What can be done about some failures: a package, a setting of a connector. */
function Remedies(props: {
  status: IBlockStatus;
  document: PipelineDocument;
  parts: INotebookParts;
  onAgain: () => void;
}): React.JSX.Element | null {
  const { status, document, parts, onAgain } = props;
  const { commands, trans } = parts;
  const { missing } = status;
  const { project } = document;
  if (missing) {
    const kernel = document.panel.sessionContext.session?.kernel?.name ?? '';
    return (
      <button
        className="mage-Link"
        data-lm-suppress-shortcuts="true"
        title={trans.__('Into the environment %1', missing.environment)}
        onClick={() =>
          void commands
            .execute(CommandIDs.installPackage, {
              project,
              kernel,
              package: missing.package,
              environment: missing.environment,
              python: missing.python
            })
            .then(done => (done ? onAgain() : undefined))
        }
      >
        {trans.__('Install %1…', missing.package)}
      </button>
    );
  }
  return CONNECTOR.test(status.error ?? '') ? (
    <button
      className="mage-Link"
      data-lm-suppress-shortcuts="true"
      onClick={() =>
        void commands.execute(CommandIDs.openConnections, { project })
      }
    >
      {trans.__('Connections…')}
    </button>
  ) : null;
}
