import type { Cell } from '@jupyterlab/cells';
import {
  caretDownEmptyIcon,
  ellipsesIcon,
  ReactWidget,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commands';
import { blockOfCell } from '../model/cells';
import type { PipelineDocument } from '../model/pipelineDocument';
import { blockLook, blockTypeLabel, takesInput } from '../ui/blockTypes';
import { openMenu } from '../ui/menu';
import { StateBadge, stateWord } from '../ui/state';
import { moreMenu, runMenu, warn } from './blockMenus';
import { type INotebookParts, onBlock } from './context';
import {
  Badges,
  Figures,
  IconButton,
  type IHeaderProps,
  Kind,
  Upstream
} from './headerParts';

/** Sent to a cell's node to start renaming its block. */
export const RENAME_EVENT = 'mage-rename';

/** The header of a block's cell. */
export class BlockHeader extends ReactWidget {
  constructor(
    readonly cell: Cell,
    private readonly _document: PipelineDocument,
    private readonly _parts: INotebookParts
  ) {
    super();
    this.addClass('mage-BlockHeader');
    _document.changed.connect(this._look, this);
    _document.statusChanged.connect(this._onStatus, this);
    cell.model.metadataChanged.connect(this._look, this);
    cell.disposed.connect(() => this.dispose());
  }

  protected render(): React.JSX.Element | null {
    const props = this._props();
    this._shown = fingerprint(props);
    if (!props) {
      this.node.hidden = true;
      return null;
    }
    const look = blockLook(props.block.type);
    this.node.hidden = false;
    this.node.dataset.type = props.block.type;
    this.node.style.setProperty(
      '--mage-type-color',
      props.block.color && !look.known
        ? 'var(--mage-type-unknown-color)'
        : look.color
    );
    return <HeaderView {...props} key={props.block.id} cell={this.cell} />;
  }

  private _props(): IHeaderProps | null {
    const data = blockOfCell(this.cell);
    const block = data ? this._document.block(data.uuid) : undefined;
    if (!block) {
      return null;
    }
    return {
      parts: this._parts,
      document: this._document,
      block,
      upstream: block.upstream.map(id => ({
        id,
        name: this._document.metadata(id)?.name ?? null
      }))
    };
  }

  private _onStatus(_: PipelineDocument, id: string): void {
    if (blockOfCell(this.cell)?.uuid === id) {
      this._look();
    }
  }

  private _look(): void {
    if (!this.isDisposed && fingerprint(this._props()) !== this._shown) {
      this.update();
    }
  }

  private _shown = '';
}

function fingerprint(props: IHeaderProps | null): string {
  return props
    ? JSON.stringify([props.block, props.upstream, props.document.readOnly])
    : '';
}

function HeaderView(props: IHeaderProps & { cell: Cell }): React.JSX.Element {
  const { parts, document, block } = props;
  const { trans } = parts;
  const look = blockLook(block.type);
  const { status } = block;
  const busy = status.state === 'running' || status.state === 'queued';
  const note = block.type === 'markdown';
  const label = trans.__(
    '%1, %2, %3',
    block.name,
    blockTypeLabel(block.type, trans),
    stateWord(status.state, trans)
  );
  return (
    <div className="mage-Header" role="group" aria-label={label}>
      <span className="mage-Header-bar" aria-hidden="true" />
      <div className="mage-Header-left">
        <div className="mage-Header-title">
          <span
            className="mage-Header-icon"
            title={blockTypeLabel(block.type, trans)}
          >
            <look.icon.react tag="span" />
          </span>
          {note ? null : (
            <StateBadge
              state={status.state}
              trans={trans}
              title={stateTitle(props)}
            />
          )}
          <BlockName {...props} />
        </div>
        <div className="mage-Header-facts">
          <Kind {...props} />
          <Figures block={block} />
          <Badges {...props} />
          {takesInput(block.type) || block.upstream.length ? (
            <Upstream {...props} />
          ) : null}
        </div>
      </div>
      <div className="mage-Header-right">
        <Figures block={block} />
        {note ? null : (
          <span className="mage-Header-run">
            {busy ? (
              <IconButton
                icon={stopIcon}
                label={trans.__('Interrupt')}
                onClick={() => void document.interrupt().catch(warn)}
              />
            ) : (
              <>
                <IconButton
                  icon={runIcon}
                  label={trans.__('Run “%1”', block.name)}
                  disabled={!look.known}
                  onClick={() =>
                    onBlock(parts, CommandIDs.runBlock, document, block.id)
                  }
                />
                <IconButton
                  icon={caretDownEmptyIcon}
                  label={trans.__('More ways to run “%1”', block.name)}
                  className="mage-mod-narrow"
                  disabled={!look.known}
                  menu
                  onClick={anchor =>
                    openMenu(runMenu(parts, document, block), anchor, () =>
                      document.takeKeys()
                    )
                  }
                />
              </>
            )}
          </span>
        )}
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('More about “%1”', block.name)}
          menu
          onClick={anchor =>
            openMenu(moreMenu(parts, document, block), anchor, () =>
              document.takeKeys()
            )
          }
        />
      </div>
    </div>
  );
}

function stateTitle(props: IHeaderProps): string {
  const { block, parts } = props;
  const word = stateWord(block.status.state, parts.trans);
  if (block.status.state === 'stale') {
    return parts.trans.__('stale: code or input changed since it ran');
  }
  return block.status.error ? `${word}: ${block.status.error}` : word;
}

/** The name; double-click or F2 makes it a field. */
function BlockName(props: IHeaderProps & { cell: Cell }): React.JSX.Element {
  const { block, cell, document, parts } = props;
  const { trans } = parts;
  const [editing, setEditing] = React.useState(false);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    const start = (): void => setEditing(!document.readOnly);
    cell.node.addEventListener(RENAME_EVENT, start);
    return () => cell.node.removeEventListener(RENAME_EVENT, start);
  }, [cell]);
  React.useEffect(() => {
    if (editing) {
      field.current?.focus();
      field.current?.select();
    }
  }, [editing]);
  if (!editing) {
    return (
      <span
        className="mage-Header-name"
        title={trans.__('%1 — double-click to rename', block.name)}
        onDoubleClick={() => setEditing(!document.readOnly)}
      >
        {block.name}
      </span>
    );
  }
  const finish = (save: boolean): void => {
    const name = field.current?.value ?? '';
    setEditing(false);
    if (save && name.trim() && name.trim() !== block.name) {
      void parts.commands.execute(CommandIDs.renameBlock, {
        path: document.path,
        block: block.id,
        name
      });
    }
    props.cell.node.focus();
  };
  return (
    <input
      ref={field}
      className="mage-Header-field"
      aria-label={trans.__('New name of “%1”', block.name)}
      defaultValue={block.name}
      spellCheck={false}
      data-lm-suppress-shortcuts="true"
      onBlur={() => editing && finish(true)}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter') {
          finish(true);
        } else if (event.key === 'Escape') {
          finish(false);
        }
      }}
    />
  );
}
