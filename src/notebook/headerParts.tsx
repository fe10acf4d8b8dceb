import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { PipelineDocument } from '../model/pipelineDocument';
import type { IBlock } from '../tokens';
import {
  blockLook,
  blockTypeShort,
  isStep,
  languageLabel,
  takesInput
} from '../ui/blockTypes';
import { countText, durationText, shapeText } from '../ui/figures';
import { openMenu } from '../ui/menu';
import { Elapsed } from '../ui/state';
import { connectMenu, kindMenu, upstreamMenu } from './blockMenus';
import type { INotebookParts } from './context';
import { ProductBadge } from '../ui/dataProducts';

/** What the parts of a header show. */
export interface IHeaderProps {
  parts: INotebookParts;
  document: PipelineDocument;
  block: IBlock;
  /** Upstream ids with their names; unknown ones have none. */
  upstream: readonly { id: string; name: string | null }[];
}

/** Type and language; click to change them. */
export function Kind(props: IHeaderProps): React.JSX.Element {
  const { block, document, parts } = props;
  const { trans } = parts;
  // Neither has a language that could be chosen.
  const plain =
    block.type === 'markdown' || block.type === 'global_data_product';
  const words = plain
    ? blockTypeShort(block.type, trans)
    : `${blockTypeShort(block.type, trans)} · ${languageLabel(block.language, trans)}`;
  if (plain || document.readOnly) {
    return <span className="mage-Header-kind">{words}</span>;
  }
  return (
    <button
      type="button"
      className="mage-Header-kind"
      aria-haspopup="menu"
      title={trans.__('Change type, language or kernel')}
      data-lm-suppress-shortcuts="true"
      onClick={event =>
        openMenu(kindMenu(parts, document, block), event.currentTarget, () =>
          document.takeKeys()
        )
      }
    >
      {words}
    </button>
  );
}

interface IBadge {
  text: string;
  title: string;
  /** Whether something is wrong. */
  wrong?: boolean;
}

/** What is special about the block, and what is wrong with it. */
export function Badges(props: IHeaderProps): React.JSX.Element {
  const { block, parts } = props;
  const { trans } = parts;
  return (
    <>
      {block.type === 'global_data_product' ? (
        <ProductBadge
          project={props.document.project}
          product={block.product ?? null}
          version={`${block.status.version} ${block.status.state}`}
          trans={trans}
        />
      ) : null}
      {badges(block, trans).map(({ text, title, wrong }) => (
        <span
          className={`mage-Header-badge${wrong ? ' mage-mod-wrong' : ''}`}
          key={text}
          title={title}
        >
          {text}
        </span>
      ))}
    </>
  );
}

function badges(block: IBlock, trans: TranslationBundle): IBadge[] {
  const found: IBadge[] = [];
  if (block.replicaOf) {
    found.push({
      text: trans.__('replica of %1', block.replicaOf),
      title: trans.__(
        'Runs the code of “%1” with inputs and settings of its own',
        block.replicaOf
      )
    });
  }
  if (block.dynamic) {
    found.push({
      text: trans.__('dynamic'),
      title: trans.__('Blocks below run once for each item it returns')
    });
  }
  if (block.reduces) {
    found.push({
      text: trans.__('reduces'),
      title: trans.__('The block below runs once, with what all children left')
    });
  }
  if (block.limit) {
    found.push({
      text: trans.__('limit %1', countText(block.limit)),
      title: trans.__(
        'At most %1 rows are read back in the notebook; its table has all',
        countText(block.limit)
      )
    });
  }
  if (block.missing) {
    found.push({
      text: trans.__('file missing'),
      title: trans.__(
        'The file %1 does not exist. Write its code here and save to make it.',
        block.path ?? ''
      ),
      wrong: true
    });
  }
  if (!blockLook(block.type).known) {
    found.push({
      text: trans.__('unknown type'),
      title: trans.__(
        'This version does not know blocks of the type “%1”: it keeps them as they are.',
        block.type
      ),
      wrong: true
    });
  }
  return found;
}

/** So many chips are shown where there is room, and where there is little. */
const CHIPS = { wide: 3, narrow: 1 };

/** The blocks it depends on, as chips; those without room are in a menu. */
export function Upstream(props: IHeaderProps): React.JSX.Element {
  const { parts, document, block, upstream } = props;
  const { trans } = parts;
  const editable = !document.readOnly && takesInput(block.type);
  return (
    <span className="mage-Header-upstream">
      {upstream.slice(0, CHIPS.wide).map(({ id, name }, index) => (
        <span
          className="mage-Chip"
          key={id}
          data-missing={name === null ? 'true' : undefined}
          data-room={index < CHIPS.narrow ? undefined : 'wide'}
        >
          <button
            className="mage-Chip-name"
            data-lm-suppress-shortcuts="true"
            title={
              name === null
                ? trans.__('“%1” is not in this pipeline', id)
                : trans.__('Depends on “%1”: go there', name)
            }
            onClick={() => document.focus(id)}
          >
            <span aria-hidden="true">← </span>
            {name ?? id}
          </button>
          {editable ? (
            <button
              className="mage-Chip-close"
              data-lm-suppress-shortcuts="true"
              aria-label={trans.__('Disconnect “%1”', name ?? id)}
              title={trans.__('Disconnect “%1”', name ?? id)}
              onClick={() => document.disconnect(id, block.id)}
            >
              <closeIcon.react tag="span" />
            </button>
          ) : null}
        </span>
      ))}
      <MoreUpstream {...props} room="wide" />
      <MoreUpstream {...props} room="narrow" />
      {editable ? (
        <IconButton
          icon={addIcon}
          label={trans.__('Connect “%1” to a block before it', block.name)}
          className="mage-Chip-add"
          menu
          onClick={anchor =>
            openMenu(connectMenu(parts, document, block), anchor, () =>
              document.takeKeys()
            )
          }
        />
      ) : null}
    </span>
  );
}

/** How many chips have no room; all upstream blocks are in its menu. */
function MoreUpstream(
  props: IHeaderProps & { room: 'wide' | 'narrow' }
): React.JSX.Element | null {
  const { parts, document, block, upstream, room } = props;
  const hidden = upstream.length - CHIPS[room];
  if (hidden <= 0) {
    return null;
  }
  const label = parts.trans._n(
    '%1 more block before it',
    '%1 more blocks before it',
    hidden
  );
  return (
    <button
      className="mage-Chip mage-Chip-more"
      data-room={room}
      data-lm-suppress-shortcuts="true"
      aria-haspopup="menu"
      aria-label={label}
      title={label}
      onClick={event =>
        openMenu(
          upstreamMenu(parts, document, block),
          event.currentTarget,
          () => document.takeKeys()
        )
      }
    >
      +{hidden}
    </button>
  );
}

/** Rows × columns and duration of the last run; while it runs, for how long. */
export function Figures(props: { block: IBlock }): React.JSX.Element | null {
  const { status, type } = props.block;
  if (status.state === 'running' && status.started) {
    return (
      <span className="mage-Header-figures">
        <Elapsed since={status.started} />
      </span>
    );
  }
  if (status.state === 'running' || !isStep(type)) {
    return null;
  }
  const table = status.outputs.find(
    output => output.rows !== null && output.rows !== undefined
  );
  const words = [
    table ? shapeText(table.rows, table.columns) : null,
    status.duration !== undefined && status.state !== 'idle'
      ? durationText(status.duration)
      : null
  ].filter(word => word !== null);
  return words.length ? (
    <span className="mage-Header-figures">{words.join(' · ')}</span>
  ) : null;
}

/** A button that is only an icon: its label is read aloud and shown on hover. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  className?: string;
  disabled?: boolean;
  menu?: boolean;
  onClick: (anchor: HTMLElement) => void;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className={`mage-IconButton ${props.className ?? ''}`}
      title={props.label}
      aria-label={props.label}
      aria-haspopup={props.menu ? 'menu' : undefined}
      disabled={props.disabled}
      data-lm-suppress-shortcuts="true"
      onClick={event => props.onClick(event.currentTarget)}
    >
      <props.icon.react tag="span" />
    </button>
  );
}
