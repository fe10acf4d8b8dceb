import type { TranslationBundle } from '@jupyterlab/translation';
import {
  Handle,
  Position,
  useStore,
  type Node,
  type NodeProps
} from '@xyflow/react';
import * as React from 'react';

import type { IRows } from '../api/types';
import type { IBlock } from '../tokens';
import {
  blockLook,
  blockTypeLabel,
  blockTypeShort,
  isStep,
  languageLabel,
  takesInput
} from '../ui/blockTypes';
import { cellText } from '../ui/cellText';
import { ProductBadge } from '../ui/dataProducts';
import { durationText, shapeText } from '../ui/figures';
import { nodeDomId } from '../ui/graph/FlowFrame';
import { StateBadge, stateWord } from '../ui/state';
import type { Samples } from './samples';
import { SAMPLE_ROWS } from './samples';

/** Below these, text is only noise. */
const READABLE_ZOOM = 0.55;
const NAME_ZOOM = 0.25;
/** A card that is only passed by asks for nothing. */
const SETTLED = 250;
const SAMPLE_COLUMNS = 4;

export interface ICardData extends Record<string, unknown> {
  block: IBlock;
  small: boolean;
  data: boolean;
  readOnly: boolean;
  samples: Samples;
  /** Slug of the project. */
  project: string;
  trans: TranslationBundle;
}

export type CardNode = Node<ICardData, 'block'>;

/** A name that is cut into lines after its underscores rather than in a word. */
function breakable(name: string): React.ReactNode {
  return name.split(/(?<=_)/).map((part, index) => (
    <React.Fragment key={index}>
      {index ? <wbr /> : null}
      {part}
    </React.Fragment>
  ));
}

/** A block on the canvas: the header of its cell, and a glance at its data. */
export const BlockCard = React.memo(
  (props: NodeProps<CardNode>): React.ReactElement => {
    const { block, small, data, readOnly, samples, trans } = props.data;
    const detail = useStore(({ transform: [, , zoom] }) =>
      zoom >= READABLE_ZOOM ? 2 : zoom >= NAME_ZOOM ? 1 : 0
    );
    const look = blockLook(block.type);
    const connectable = !readOnly;
    return (
      <div
        id={nodeDomId(block.id)}
        className={`mage-Card${small ? ' mage-mod-attached' : ''}`}
        data-detail={detail}
        data-state={block.status.state}
        data-selected={props.selected || undefined}
        data-dynamic={block.dynamic || undefined}
        style={{ ['--mage-card-color' as string]: look.color }}
        role="img"
        aria-label={spoken(block, trans)}
        title={hint(block, trans)}
      >
        {takesInput(block.type) && (
          <Handle
            type="target"
            // A small card stands under one of its blocks; from others come lines.
            position={small ? Position.Right : Position.Top}
            isConnectable={connectable && !small}
            title={trans.__('Draw a line from a block above to here')}
          />
        )}
        {detail > 0 && (
          <div className="mage-Card-title">
            <look.icon.react tag="span" className="mage-Card-icon" />
            <span className="mage-Card-name">
              {small ? block.name : breakable(block.name)}
            </span>
            {(small || detail === 1) && (
              <StateBadge state={block.status.state} trans={trans} />
            )}
          </div>
        )}
        {detail > 1 && !small && (
          <>
            <div className="mage-Card-kind">
              {blockTypeShort(block.type, trans)}
              {block.type !== 'global_data_product' &&
                ` · ${languageLabel(block.language, trans)}`}
              {block.replicaOf && (
                <span> · {trans.__('replica of %1', block.replicaOf)}</span>
              )}
              {block.dynamic && <span> · {trans.__('dynamic')}</span>}
              {block.missing && (
                <span className="mage-Card-missing">
                  {trans.__('file missing')}
                </span>
              )}
            </div>
            {block.type === 'global_data_product' && (
              <div className="mage-Card-facts">
                <ProductBadge
                  project={props.data.project}
                  product={block.product ?? null}
                  version={`${block.status.version} ${block.status.state}`}
                  trans={trans}
                />
              </div>
            )}
            <Facts block={block} trans={trans} />
            {data && <Sample block={block} samples={samples} trans={trans} />}
          </>
        )}
        {isStep(block.type) && (
          <Handle
            type="source"
            position={Position.Bottom}
            isConnectable={connectable}
            title={trans.__(
              'Draw a line from here to the block that comes next'
            )}
          />
        )}
      </div>
    );
  }
);

function Facts(props: {
  block: IBlock;
  trans: TranslationBundle;
}): React.ReactElement {
  const { block, trans } = props;
  const { status } = block;
  return (
    <div className="mage-Card-facts">
      <StateBadge
        state={status.state}
        trans={trans}
        word
        started={status.started}
      />
      {status.error && status.state === 'failed' ? (
        <span className="mage-Card-error">{status.error}</span>
      ) : (
        <>
          <span>{shapeOf(block)}</span>
          {status.duration !== undefined && status.state !== 'running' && (
            <span>{durationText(status.duration)}</span>
          )}
        </>
      )}
    </div>
  );
}

function shapeOf(block: IBlock): string | null {
  const table = block.status.outputs.find(output => output.rows !== null);
  return table ? shapeText(table.rows, table.columns) : null;
}

/** The first rows and columns of the newest table. */
function Sample(props: {
  block: IBlock;
  samples: Samples;
  trans: TranslationBundle;
}): React.ReactElement | null {
  const { block, samples, trans } = props;
  const { version, outputs } = block.status;
  const output = outputs.find(item => item.kind === 'table')?.name;
  const [rows, setRows] = React.useState<IRows | null>(null);
  React.useEffect(() => {
    if (!version || !output) {
      setRows(null);
      return;
    }
    const known = samples.peek(block.id, version, output);
    if (known !== undefined) {
      setRows(known);
      return;
    }
    let gone = false;
    const timer = window.setTimeout(() => {
      void samples
        .get(block.id, version, output, () => gone)
        .then(found => !gone && setRows(found));
    }, SETTLED);
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [block.id, version, output, samples]);
  if (!rows) {
    return (
      <div className="mage-Card-empty">
        {output ? '' : (outputs[0]?.kind ?? nothing(block, trans))}
      </div>
    );
  }
  const columns = rows.columns.slice(0, SAMPLE_COLUMNS);
  return (
    <div className="mage-Card-data" aria-hidden="true">
      <table className="mage-Card-sample">
        <thead>
          <tr>
            {columns.map((column, place) => (
              <th key={place} data-kind={column.kind}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.rows.slice(0, SAMPLE_ROWS).map((cells, index) => (
            <tr key={index}>
              {columns.map((column, place) => (
                <td key={place} data-kind={column.kind}>
                  {cellText(cells[place], column)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Why a card has no data. */
function nothing(block: IBlock, trans: TranslationBundle): string {
  return block.status.state === 'idle' ? trans.__('no data yet') : '';
}

function spoken(block: IBlock, trans: TranslationBundle): string {
  return [
    block.name,
    blockTypeLabel(block.type, trans),
    languageLabel(block.language, trans),
    stateWord(block.status.state, trans),
    shapeOf(block),
    block.status.error
  ]
    .filter(Boolean)
    .join(', ');
}

function hint(block: IBlock, trans: TranslationBundle): string {
  const lines = [block.name];
  if (block.path) {
    lines.push(block.path);
  }
  if (block.usedIn.length) {
    lines.push(trans.__('Also used in: %1', block.usedIn.join(', ')));
  }
  if (block.status.error) {
    lines.push(block.status.error);
  }
  return lines.join('\n');
}
