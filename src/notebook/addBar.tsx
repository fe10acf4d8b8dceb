import type { Cell } from '@jupyterlab/cells';
import { addIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { blockOfCell } from '../model/cells';
import type { PipelineDocument } from '../model/pipelineDocument';
import { blockLook, blockTypeLabel, blockTypeShort } from '../ui/blockTypes';
import { openMenu } from '../ui/menu';
import { addMenu } from './blockMenus';
import type { INotebookParts } from './context';

const FIRST_TYPES = ['data_loader', 'transformer', 'data_exporter'];

/** Below a block: add another one there. Shown on hover and focus. */
export class AddBar extends ReactWidget {
  constructor(
    private readonly _cell: Cell,
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-AddBar');
    _cell.disposed.connect(() => this.dispose());
    _document.changed.connect(() => this._look());
  }

  protected render(): React.JSX.Element | null {
    const id = blockOfCell(this._cell)?.uuid ?? null;
    this._shown = `${id} ${this._document.readOnly}`;
    if (this._document.readOnly) {
      return null;
    }
    return <AddButtons parts={this._parts} document={this._document} id={id} />;
  }

  private _look(): void {
    const id = blockOfCell(this._cell)?.uuid ?? null;
    if (`${id} ${this._document.readOnly}` !== this._shown) {
      this.update();
    }
  }

  private _shown = '';
}

function AddButtons(props: {
  parts: INotebookParts;
  document: PipelineDocument;
  id: string | null;
}): React.JSX.Element {
  const { parts, document, id } = props;
  const { trans } = parts;
  const open = (anchor: HTMLElement, types?: readonly string[]): void => {
    void addMenu(parts, document, id, types).then(entries => {
      const [only] = entries;
      const inner =
        types && only && only !== 'separator' ? only.submenu : undefined;
      openMenu(inner ?? entries, anchor, () => document.takeKeys());
    });
  };
  return (
    <div
      className="mage-AddBar-buttons"
      role="group"
      aria-label={trans.__('Add a block here')}
    >
      {id === null ? (
        <span className="mage-AddBar-words">
          {trans.__('This pipeline has no block yet. Add the first one:')}
        </span>
      ) : null}
      {FIRST_TYPES.map(type => (
        <button
          key={type}
          className="mage-AddBar-button"
          style={
            {
              '--mage-type-color': blockLook(type).color
            } as React.CSSProperties
          }
          data-lm-suppress-shortcuts="true"
          aria-haspopup="menu"
          title={trans.__('Add: %1', blockTypeLabel(type, trans))}
          onClick={event => open(event.currentTarget, [type])}
        >
          <addIcon.react tag="span" />
          {blockTypeShort(type, trans)}
        </button>
      ))}
      <button
        className="mage-AddBar-button"
        data-lm-suppress-shortcuts="true"
        aria-haspopup="menu"
        title={trans.__('Add a block of another type')}
        onClick={event => open(event.currentTarget)}
      >
        <addIcon.react tag="span" />
        {trans.__('more')}
      </button>
    </div>
  );
}
