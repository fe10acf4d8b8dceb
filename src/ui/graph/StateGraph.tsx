import type { TranslationBundle } from '@jupyterlab/translation';
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import * as React from 'react';

import { blockLook, blockTypeLabel } from '../blockTypes';
import { StateBadge, stateWord } from '../state';
import { FlowFrame, nodeDomId, withSelection } from './FlowFrame';
import type { IGraphNode, IGraphViewProps } from './GraphView';
import { LayoutMemo, routeKey } from './layout';
import { EDGE_TYPES, type RoutedEdgeType } from './RoutedEdge';
import { handlesOf } from './handles';

const WIDTH = 200;
const HEIGHT = 52;

type StateNode = Node<{ node: IGraphNode; trans: TranslationBundle }, 'state'>;

const StateCard = React.memo(
  (props: NodeProps<StateNode>): React.ReactElement => {
    const { node, trans } = props.data;
    const look = blockLook(node.type);
    return (
      <div
        id={nodeDomId(node.id)}
        className="mage-Card mage-mod-small"
        data-state={node.state}
        data-selected={props.selected || undefined}
        style={{ ['--mage-card-color' as string]: look.color }}
        role="img"
        aria-label={[
          node.name,
          blockTypeLabel(node.type, trans),
          stateWord(node.state, trans),
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
        </div>
        <div className="mage-Card-facts">
          <StateBadge state={node.state} trans={trans} word />
          {node.detail && (
            <span className="mage-Card-detail">{node.detail}</span>
          )}
        </div>
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
  const memo = React.useRef(new LayoutMemo());
  const { layout, key } = memo.current.get(
    props.nodes.map(({ id }) => ({ id, width: WIDTH, height: HEIGHT })),
    props.edges
  );
  const cards = React.useMemo<StateNode[]>(
    () =>
      props.nodes.map(node => ({
        id: node.id,
        type: 'state',
        position: layout.positions.get(node.id)!,
        width: WIDTH,
        height: HEIGHT,
        handles: handlesOf(WIDTH, HEIGHT),
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
  return (
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
    />
  );
}
