import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  redoIcon,
  undoIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { Connection, FinalConnectionState } from '@xyflow/react';
import * as React from 'react';

import type { IBlock, IPipelineDocument } from '../tokens';
import { blockLook, blockTypeLabel } from '../ui/blockTypes';
import {
  FlowFrame,
  withSelection,
  type IFlowHandle
} from '../ui/graph/FlowFrame';
import { handlesOf } from '../ui/graph/handles';
import { routeKey, type ILayout } from '../ui/graph/layout';
import { useLayout } from '../ui/graph/useLayout';
import { EDGE_TYPES, type RoutedEdgeType } from '../ui/graph/RoutedEdge';
import type { CanvasActions } from './actions';
import { BlockCard, type CardNode } from './BlockCard';
import type { Samples } from './samples';
import { structureOf, type ILine } from './structure';
import { useDocument } from './useDocument';

const NODE_TYPES = { block: BlockCard };
const FIRST_TYPES = ['data_loader', 'transformer', 'data_exporter'];

export interface ICanvasProps {
  actions: CanvasActions;
  samples: Samples;
  trans: TranslationBundle;
  handle: React.MutableRefObject<IFlowHandle | null>;
}

/** The graph of a pipeline. Holds no structure: the document says what there is. */
export function Canvas(props: ICanvasProps): React.ReactElement {
  const { actions, trans, handle } = props;
  const { document } = actions;
  const view = useDocument(document);
  const [selected, select] = useSelection(document, view.active);
  const [line, setLine] = React.useState<string | null>(null);
  const graph = useGraph(props, view.blocks);
  const nodes = React.useMemo(
    () => withSelection(graph.nodes, selected),
    [graph.nodes, selected]
  );
  const edges = React.useMemo(
    () => graph.lines.map(item => edgeOf(item, graph.layout, item.id === line)),
    [graph.lines, graph.layout, line]
  );
  if (!view.blocks.length) {
    return <Empty actions={actions} trans={trans} />;
  }
  const chosen = graph.lines.find(item => item.id === line);
  const onKey = (event: React.KeyboardEvent) =>
    handleKey(event, actions, selected, chosen ?? null, () => setLine(null));
  return (
    <>
      <Bar {...props} />
      <div
        className="mage-Canvas-graph"
        onDoubleClick={event => {
          if (isPane(event.target)) {
            actions.openAddMenu({ x: event.clientX, y: event.clientY });
          }
        }}
      >
        <FlowFrame
          trans={trans}
          label={trans.__(
            'Graph of pipeline %1. Arrows move between blocks, Enter goes to the cell, Shift+Enter runs it, C connects, Delete removes, plus and minus zoom.',
            document.name
          )}
          nodes={nodes}
          edges={edges}
          layout={graph.layout}
          layoutKey={graph.key}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          selected={selected}
          onSelect={id => {
            setLine(null);
            if (id) {
              select(id);
            }
          }}
          onOpen={id => enter(actions, id)}
          onKey={onKey}
          minimap
          nodeColor={node =>
            blockLook((node as CardNode).data.block.type).color
          }
          handle={handle}
          flow={{
            nodesConnectable: !document.readOnly,
            connectionRadius: 28,
            onEdgeClick: (_, edge) => {
              setLine(edge.id);
              handle.current?.focus();
            },
            onEdgeContextMenu: (event, edge) => {
              event.preventDefault();
              event.stopPropagation();
              actions.openLineMenu(edge.source, edge.target, {
                x: event.clientX,
                y: event.clientY
              });
            },
            onNodeContextMenu: (event, node) => {
              event.preventDefault();
              event.stopPropagation();
              document.focus(node.id);
              actions.openBlockMenu(node.id, {
                x: event.clientX,
                y: event.clientY
              });
            },
            onPaneContextMenu: event => {
              event.preventDefault();
              event.stopPropagation();
              actions.openAddMenu({
                x: (event as MouseEvent).clientX,
                y: (event as MouseEvent).clientY
              });
            },
            onConnect: ({ source, target }: Connection) =>
              actions.connect(source, target),
            onConnectEnd: (event, state) => finish(event, state, actions)
          }}
        />
      </div>
    </>
  );
}

/** After so long without another choice the notebook goes to the cell. */
const FOLLOW_MS = 120;

/**
 * The selected block. A choice on the canvas is seen at once; the notebook,
 * where going to a cell far away takes its time, follows when keys rest.
 */
function useSelection(
  document: IPipelineDocument,
  active: string | null
): [string | null, (id: string) => void] {
  const [chosen, setChosen] = React.useState<string | null>(null);
  const timer = React.useRef(0);
  React.useEffect(() => setChosen(null), [active]);
  React.useEffect(() => () => window.clearTimeout(timer.current), []);
  const select = React.useCallback(
    (id: string) => {
      setChosen(id);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        setChosen(null);
        if (!document.isDisposed) {
          document.focus(id);
        }
      }, FOLLOW_MS);
    },
    [document]
  );
  return [chosen ?? active, select];
}

/** Cards and lines with their places; unchanged cards keep their identity. */
function useGraph(props: ICanvasProps, blocks: readonly IBlock[]) {
  const { actions, samples, trans } = props;
  const structure = React.useMemo(() => structureOf(blocks), [blocks]);
  const { layout, key } = useLayout(structure.cards, structure.lines);
  const kept = React.useRef(new Map<string, CardNode>());
  const readOnly = actions.document.readOnly;
  return React.useMemo(() => {
    const { lines } = structure;
    const cards = structure.cards.filter(card => layout.positions.has(card.id));
    const next = new Map<string, CardNode>();
    const nodes = cards.map(card => {
      const position = layout.positions.get(card.id)!;
      const old = kept.current.get(card.id);
      const same =
        old &&
        old.data.block === card.block &&
        old.data.readOnly === readOnly &&
        old.position.x === position.x &&
        old.position.y === position.y &&
        old.height === card.height;
      const node: CardNode = same
        ? old
        : {
            id: card.id,
            type: 'block',
            position,
            width: card.width,
            height: card.height,
            handles: handlesOf(card.width, card.height),
            data: {
              block: card.block,
              small: card.small,
              data: card.data,
              readOnly,
              samples,
              project: actions.document.project,
              trans
            }
          };
      next.set(card.id, node);
      return node;
    });
    kept.current = next;
    return { nodes, lines, layout, key };
  }, [structure, layout, readOnly, samples, trans]);
}

function edgeOf(
  line: ILine,
  layout: ILayout,
  selected: boolean
): RoutedEdgeType {
  return {
    id: line.id,
    type: 'routed',
    source: line.source,
    target: line.target,
    selected,
    className: line.hanging ? 'mage-mod-hanging' : undefined,
    interactionWidth: 14,
    data: { route: layout.routes.get(routeKey(line.source, line.target)) ?? [] }
  };
}

/** A line let go over a card connects; over nothing, it makes a new block. */
function finish(
  event: MouseEvent | TouchEvent,
  state: FinalConnectionState,
  actions: CanvasActions
): void {
  const from = state.fromNode?.id;
  if (!from || state.isValid) {
    return;
  }
  const point = 'changedTouches' in event ? event.changedTouches[0] : event;
  const under = window.document.elementFromPoint(point.clientX, point.clientY);
  const over = under?.closest<HTMLElement>('.react-flow__node')?.dataset.id;
  const forward = state.fromHandle?.type === 'source';
  if (over && over !== from) {
    actions.connect(forward ? from : over, forward ? over : from);
  } else if (forward && under && isPane(under)) {
    actions.openAddMenu({ x: point.clientX, y: point.clientY }, from);
  }
}

function isPane(target: EventTarget): boolean {
  return (target as Element).classList.contains('react-flow__pane');
}

function enter(actions: CanvasActions, id: string): void {
  const { document } = actions;
  document.focus(id);
  document.panel.content.activate();
}

function handleKey(
  event: React.KeyboardEvent,
  actions: CanvasActions,
  block: string | null,
  line: ILine | null,
  forget: () => void
): boolean {
  const accel = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (event.key === 'Delete' || event.key === 'Backspace') {
    if (line) {
      forget();
      actions.disconnect(line.source, line.target);
    } else if (block) {
      void actions.remove(block);
    }
    return true;
  }
  if (accel && key === 'z') {
    if (event.shiftKey) {
      actions.redo();
    } else {
      actions.undo();
    }
    return true;
  }
  if (accel && key === 'y') {
    actions.redo();
    return true;
  }
  if (event.key === 'Escape' && line) {
    forget();
    return true;
  }
  return !accel && !event.altKey && !!block && onBlock(event, actions, block);
}

function onBlock(
  event: React.KeyboardEvent,
  actions: CanvasActions,
  block: string
): boolean {
  const card = event.currentTarget.querySelector<HTMLElement>(
    '.mage-Card[data-selected]'
  );
  switch (event.key) {
    case 'Enter':
      actions.run(block);
      return true;
    case 'c':
      void actions.chooseNext(block);
      return true;
    case 'a':
      actions.openAddMenu(card ?? { x: 80, y: 80 }, block);
      return true;
    case 'F2':
      actions.rename(block);
      return true;
    case 'ContextMenu':
    case 'F10':
      if (event.key === 'F10' && !event.shiftKey) {
        return false;
      }
      actions.openBlockMenu(block, card ?? { x: 80, y: 80 });
      return true;
    default:
      return false;
  }
}

function Bar(props: ICanvasProps): React.ReactElement {
  const { actions, trans, handle } = props;
  const { document } = actions;
  const button = (
    label: string,
    icon: LabIcon | string,
    onClick: (event: React.MouseEvent<HTMLButtonElement>) => void,
    enabled = true
  ) => (
    <button
      className="mage-Canvas-button"
      title={label}
      aria-label={label}
      disabled={!enabled}
      onClick={onClick}
    >
      {typeof icon === 'string' ? icon : <icon.react tag="span" />}
    </button>
  );
  return (
    <div
      className="mage-Canvas-bar"
      role="toolbar"
      aria-label={trans.__('Canvas')}
    >
      <button
        className="mage-Canvas-button"
        disabled={document.readOnly}
        aria-haspopup="menu"
        title={trans.__('Add a block')}
        aria-label={trans.__('Add a block')}
        onClick={event => actions.openAddMenu(event.currentTarget)}
      >
        <addIcon.react tag="span" />
        <span className="mage-Canvas-word">{trans.__('Block')}</span>
      </button>
      {button(
        trans.__('Undo the last edit (Ctrl+Z)'),
        undoIcon,
        () => actions.undo(),
        document.canUndo
      )}
      {button(
        trans.__('Redo (Ctrl+Shift+Z)'),
        redoIcon,
        () => actions.redo(),
        document.canRedo
      )}
      <span className="mage-Canvas-space" />
      {button(trans.__('Show the whole graph (0)'), trans.__('Fit'), () =>
        handle.current?.fit()
      )}
      {button(trans.__('Zoom in (+)'), '+', () => handle.current?.zoomIn())}
      {button(trans.__('Zoom out (-)'), '−', () => handle.current?.zoomOut())}
    </div>
  );
}

function Empty(props: {
  actions: CanvasActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { actions, trans } = props;
  return (
    <div className="mage-Canvas-empty">
      <p>
        {trans.__(
          'This pipeline has no block yet. Start with where its data comes from:'
        )}
      </p>
      <div>
        {FIRST_TYPES.map(type => {
          const look = blockLook(type);
          return (
            <button
              key={type}
              className="mage-Canvas-button"
              disabled={actions.document.readOnly}
              onClick={() => actions.add({ type })}
            >
              <look.icon.react tag="span" />
              {blockTypeLabel(type, trans)}
            </button>
          );
        })}
        <button
          className="mage-Canvas-button"
          disabled={actions.document.readOnly}
          aria-haspopup="menu"
          onClick={event => actions.openAddMenu(event.currentTarget)}
        >
          {trans.__('More…')}
        </button>
      </div>
    </div>
  );
}
