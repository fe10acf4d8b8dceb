import type { TranslationBundle } from '@jupyterlab/translation';
import {
  Handle,
  Position,
  useStore,
  type Node,
  type NodeProps
} from '@xyflow/react';
import * as React from 'react';

import { blockLook, blockTypeLabel } from '../blockTypes';
import { StateBadge, stateWord } from '../state';
import {
  FlowFrame,
  nodeDomId,
  withSelection,
  type IFlowHandle
} from './FlowFrame';
import type { IGraphNode, IGraphViewProps } from './GraphView';
import { routeKey } from './layout';
import { useLayout } from './useLayout';
import { EDGE_TYPES, type RoutedEdgeType } from './RoutedEdge';
import { handlesOf } from './handles';

const WIDTH = 210;
const HEIGHT = 52;
/** A name of more letters takes two lines. */
const LINE_LETTERS = 25;
const TWO_LINES = 68;
/** Small graphs grow up to this to fill their pane. */
const MOST_ZOOM = 1.35;
/** Below this only names are written, larger. */
const READABLE_ZOOM = 0.6;

/** Graphs of more cards have a map. */
const MAPPED_NODES = 25;

const STATE_COLORS: Record<string, string> = {
  failed: 'var(--mage-state-failed-color)',
  running: 'var(--mage-state-running-color)',
  completed: 'var(--mage-state-completed-color)'
};

function heightOf(node: IGraphNode): number {
  return node.name.length > LINE_LETTERS ? TWO_LINES : HEIGHT;
}

type StateNode = Node<{ node: IGraphNode; trans: TranslationBundle }, 'state'>;

const StateCard = React.memo(
  (props: NodeProps<StateNode>): React.ReactElement => {
    const { node, trans } = props.data;
    const look = blockLook(node.type);
    const near = useStore(({ transform }) => transform[2] >= READABLE_ZOOM);
    return (
      <div
        id={nodeDomId(node.id)}
        className="mage-Card mage-mod-small"
        data-state={node.state}
        data-near={near || undefined}
        data-selected={props.selected || undefined}
        style={{ ['--mage-card-color' as string]: look.color }}
        role="img"
        aria-label={[
          node.name,
          blockTypeLabel(node.type, trans),
          stateWord(node.state, trans, node.type),
          node.detail
        ]
          .filter(Boolean)
          .join(', ')}
        title={node.name}
      >
        <Handle type="target" position={Position.Top} isConnectable={false} />
        <div className="mage-Card-title">
          <look.icon.react tag="span" className="mage-Card-icon" />
          <span className="mage-Card-name">{node.name}</span>
          {near ? null : (
            <StateBadge state={node.state} type={node.type} trans={trans} />
          )}
        </div>
        {near && (
          <div className="mage-Card-facts">
            <StateBadge
              state={node.state}
              type={node.type}
              trans={trans}
              word
            />
            {node.detail && (
              <span className="mage-Card-detail">{node.detail}</span>
            )}
          </div>
        )}
        <Handle
          type="source"
          position={Position.Bottom}
          isConnectable={false}
        />
      </div>
    );
  }
);

const NODE_TYPES = { state: StateCard };

export default function StateGraph(
  props: IGraphViewProps & { trans: TranslationBundle }
): React.ReactElement {
  const { trans, selected = null } = props;
  const { layout, key } = useLayout(
    props.nodes.map(node => ({
      id: node.id,
      width: WIDTH,
      height: heightOf(node)
    })),
    props.edges
  );
  const cards = React.useMemo<StateNode[]>(
    () =>
      props.nodes
        .filter(node => layout.positions.has(node.id))
        .map(node => ({
          id: node.id,
          type: 'state',
          position: layout.positions.get(node.id)!,
          width: WIDTH,
          height: heightOf(node),
          handles: handlesOf(WIDTH, heightOf(node), 0),
          data: { node, trans }
        })),
    [props.nodes, layout, trans]
  );
  const nodes = React.useMemo(
    () => withSelection(cards, selected),
    [cards, selected]
  );
  const edges = React.useMemo<RoutedEdgeType[]>(
    () =>
      props.edges.map(edge => ({
        id: `${edge.source}→${edge.target}`,
        type: 'routed',
        source: edge.source,
        target: edge.target,
        data: {
          route: layout.routes.get(routeKey(edge.source, edge.target)) ?? []
        }
      })),
    [props.edges, layout]
  );
  const handle = React.useRef<IFlowHandle | null>(null);
  return (
    <>
      <FlowFrame
        trans={trans}
        label={props.label ?? trans.__('Graph of the blocks')}
        nodes={nodes}
        edges={edges}
        layout={layout}
        layoutKey={key}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        selected={selected}
        onSelect={id => id && props.onSelect?.(id)}
        most={MOST_ZOOM}
        minimap={props.nodes.length > MAPPED_NODES}
        nodeColor={node => {
          const { state, type } = (node as StateNode).data.node;
          return STATE_COLORS[state] ?? blockLook(type).color;
        }}
        handle={handle}
      />
      <Zoom handle={handle} trans={trans} />
    </>
  );
}

/** The buttons in the corner; the keyboard has 0, + and −. */
function Zoom(props: {
  handle: React.MutableRefObject<IFlowHandle | null>;
  trans: TranslationBundle;
}): React.ReactElement {
  const { handle, trans } = props;
  const button = (label: string, text: string, run: () => void) => (
    <button
      className="mage-Canvas-button"
      aria-label={label}
      title={label}
      onClick={run}
    >
      {text}
    </button>
  );
  return (
    <div
      className="mage-Graph-zoom"
      role="toolbar"
      aria-label={trans.__('View')}
    >
      {button(trans.__('Show the whole graph (0)'), trans.__('Fit'), () =>
        handle.current?.fit()
      )}
      {button(trans.__('Zoom in (+)'), '+', () => handle.current?.zoomIn())}
      {button(trans.__('Zoom out (-)'), '−', () => handle.current?.zoomOut())}
    </div>
  );
}
