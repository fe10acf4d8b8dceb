import '@xyflow/react/dist/style.css';

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  type Edge,
  type Node,
  type ReactFlowProps
} from '@xyflow/react';
import * as React from 'react';

import type { ILayout } from './layout';
import { neighbour, type Direction } from './navigate';

const MINIMUM_ZOOM = 0.02;
/** Below this, fitting a whole graph shows nothing that could be read. */
const LEGIBLE_ZOOM = 0.3;
const START_ZOOM = 0.75;
const MARGIN = 24;
/** Above this number of cards, moves of the view are jumps. */
const ANIMATED_NODES = 150;
/** Smaller graphs are seen as a whole anyway. */
const MAPPED_NODES = 10;
const ARROWS: Record<string, Direction> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right'
};

/** What the toolbar and commands around a graph can ask of it. */
export interface IFlowHandle {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  focus(): void;
  /** Graph coordinates of a point of the screen. */
  toGraph(point: { x: number; y: number }): { x: number; y: number };
}

export interface IFlowFrameProps {
  trans: TranslationBundle;
  /** Spoken name of the graph. */
  label: string;
  nodes: Node[];
  edges: Edge[];
  layout: ILayout;
  /** Key of the layout: when it changes, the view may have to follow. */
  layoutKey: string;
  nodeTypes: ReactFlowProps['nodeTypes'];
  edgeTypes?: ReactFlowProps['edgeTypes'];
  selected: string | null;
  onSelect?(id: string | null): void;
  /** Enter or double click on a card. */
  onOpen?(id: string): void;
  /** A key the frame does not know; true when it was used. */
  onKey?(event: React.KeyboardEvent): boolean;
  /** How much a small graph may grow to fill its place; 1 when left out. */
  most?: number;
  minimap?: boolean;
  nodeColor?(node: Node): string;
  handle?: React.MutableRefObject<IFlowHandle | null>;
  flow?: Partial<ReactFlowProps>;
  children?: React.ReactNode;
}

/** A graph that knows its size, keyboard and view; what is in it, others say. */
export function FlowFrame(props: IFlowFrameProps): React.ReactElement {
  const frame = React.useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  return (
    <div className="mage-Graph" ref={frame}>
      {/* A view that is fitted while it has no size stays wrong for ever. */}
      {size && (
        <ReactFlowProvider>
          <Flow {...props} size={size} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

interface ISize {
  width: number;
  height: number;
}

function useSize(ref: React.RefObject<HTMLElement>): ISize | null {
  const [size, setSize] = React.useState<ISize | null>(null);
  React.useLayoutEffect(() => {
    const element = ref.current;
    if (!element) {
      return;
    }
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      // A hidden tab has no size; the last one will be right again.
      if (width > 0 && height > 0) {
        setSize(old =>
          old && old.width === width && old.height === height
            ? old
            : { width, height }
        );
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}

function Flow(props: IFlowFrameProps & { size: ISize }): React.ReactElement {
  const { nodes, layout, selected, size, onSelect } = props;
  const instance = useReactFlow();
  const root = React.useRef<HTMLDivElement>(null);
  const duration = nodes.length > ANIMATED_NODES || calm() ? 0 : 150;
  useView(props, duration);

  const handle = React.useMemo<IFlowHandle>(
    () => ({
      zoomIn: () => void instance.zoomIn({ duration }),
      zoomOut: () => void instance.zoomOut({ duration }),
      // React Flow's own fit waits for cards that were never drawn.
      fit: () =>
        void instance.setViewport(wholeView(layout, size, props.most), {
          duration
        }),
      focus: () => root.current?.focus(),
      toGraph: point => instance.screenToFlowPosition(point)
    }),
    [instance, duration, layout, size, props.most]
  );
  React.useEffect(() => {
    if (props.handle) {
      props.handle.current = handle;
    }
  }, [handle, props.handle]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget) {
      return;
    }
    if (handleKey(event, props, handle)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div
      className="mage-Graph-keys"
      ref={root}
      role="application"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={selected ? nodeDomId(selected) : undefined}
      onKeyDown={onKeyDown}
    >
      <ReactFlow
        nodes={nodes}
        edges={props.edges}
        nodeTypes={props.nodeTypes}
        edgeTypes={props.edgeTypes}
        minZoom={MINIMUM_ZOOM}
        maxZoom={2}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elevateNodesOnSelect={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        onNodeClick={(_, node) => {
          onSelect?.(node.id);
          root.current?.focus({ preventScroll: true });
        }}
        onNodeDoubleClick={(_, node) => props.onOpen?.(node.id)}
        onPaneClick={() => {
          onSelect?.(null);
          root.current?.focus({ preventScroll: true });
        }}
        proOptions={{ hideAttribution: true }}
        width={size.width}
        height={size.height}
        {...props.flow}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
        {props.minimap && layout.positions.size > MAPPED_NODES && (
          <Overview {...props} size={size} />
        )}
        {props.children}
      </ReactFlow>
    </div>
  );
}

/** A small map of the graph; it would only hide cards where all are in sight. */
function Overview(
  props: IFlowFrameProps & { size: ISize }
): React.JSX.Element | null {
  const { layout, size, trans } = props;
  const whole = useStore(
    ({ transform: [x, y, zoom] }) =>
      x >= 0 &&
      y >= 0 &&
      x + layout.width * zoom <= size.width &&
      y + layout.height * zoom <= size.height
  );
  return whole ? null : (
    <MiniMap
      pannable
      zoomable
      ariaLabel={trans.__('Overview of the graph')}
      nodeColor={props.nodeColor}
      nodeStrokeWidth={0}
      style={{ width: 120, height: 90 }}
    />
  );
}

/** The first view, and views after the size, layout or selection changed. */
function useView(
  props: IFlowFrameProps & { size: ISize },
  duration: number
): void {
  const { layout, layoutKey, selected, size } = props;
  const instance = useReactFlow();
  const fitted = React.useRef<{ zoom: number; x: number; y: number } | null>(
    null
  );
  React.useEffect(() => {
    const now = instance.getViewport();
    const before = fitted.current;
    const moved =
      before !== null &&
      (Math.abs(before.zoom - now.zoom) > 1e-3 ||
        Math.abs(before.x - now.x) > 1 ||
        Math.abs(before.y - now.y) > 1);
    // Nothing moves what the user has placed, but for a hidden selection.
    if (!moved) {
      const view = startView(layout, size, selected, props.most);
      fitted.current = view;
      void instance.setViewport(view);
    }
  }, [layoutKey, size]);
  React.useEffect(() => {
    const at = selected ? layout.positions.get(selected) : undefined;
    if (!at) {
      return;
    }
    const { x, y, zoom } = instance.getViewport();
    const card = cardSize(props.nodes, selected!);
    const left = at.x * zoom + x;
    const top = at.y * zoom + y;
    const hidden =
      left < 0 ||
      top < 0 ||
      left + card.width * zoom > size.width ||
      top + card.height * zoom > size.height;
    if (hidden) {
      void instance.setCenter(at.x + card.width / 2, at.y + card.height / 2, {
        zoom: Math.max(zoom, LEGIBLE_ZOOM),
        duration
      });
    }
  }, [selected]);
}

function cardSize(nodes: readonly Node[], id: string): ISize {
  const node = nodes.find(item => item.id === id);
  return { width: node?.width ?? 0, height: node?.height ?? 0 };
}

/** All of the graph, in the middle. */
export function wholeView(
  layout: ILayout,
  size: ISize,
  most = 1
): { x: number; y: number; zoom: number } {
  const zoom = Math.max(
    MINIMUM_ZOOM,
    Math.min(
      most,
      (size.width - 2 * MARGIN) / Math.max(1, layout.width),
      (size.height - 2 * MARGIN) / Math.max(1, layout.height)
    )
  );
  return {
    zoom,
    x: (size.width - layout.width * zoom) / 2,
    y: (size.height - layout.height * zoom) / 2
  };
}

/** All of it when that can be read, else the beginning or the selection. */
export function startView(
  layout: ILayout,
  size: ISize,
  selected: string | null,
  most = 1
): { x: number; y: number; zoom: number } {
  const whole = wholeView(layout, size, most);
  if (whole.zoom >= LEGIBLE_ZOOM) {
    return { ...whole, y: Math.min(MARGIN, whole.y) };
  }
  const first =
    (selected && layout.positions.get(selected)) ||
    [...layout.positions.values()].reduce<{ x: number; y: number } | null>(
      (best, at) =>
        !best || at.y < best.y || (at.y === best.y && at.x < best.x)
          ? at
          : best,
      null
    );
  return {
    zoom: START_ZOOM,
    x: size.width / 3 - (first?.x ?? 0) * START_ZOOM,
    y: MARGIN - (first?.y ?? 0) * START_ZOOM
  };
}

function handleKey(
  event: React.KeyboardEvent,
  props: IFlowFrameProps,
  handle: IFlowHandle
): boolean {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const { selected, layout, onSelect } = props;
  if (plain && ARROWS[event.key] && onSelect) {
    const next = selected
      ? neighbour(
          selected,
          ARROWS[event.key],
          layout.positions,
          props.edges.map(({ source, target }) => ({ source, target }))
        )
      : ([...layout.positions.keys()][0] ?? null);
    if (next) {
      onSelect(next);
    }
    return true;
  }
  if (plain && !event.shiftKey && event.key === 'Enter' && selected) {
    props.onOpen?.(selected);
    return true;
  }
  if (plain && (event.key === '+' || event.key === '=')) {
    handle.zoomIn();
    return true;
  }
  if (plain && event.key === '-') {
    handle.zoomOut();
    return true;
  }
  if (plain && event.key === '0') {
    handle.fit();
    return true;
  }
  return props.onKey?.(event) ?? false;
}

function calm(): boolean {
  return window.matchMedia?.('(prefers-reduced-motion: reduce)').matches;
}

/** The id of a card's element, for `aria-activedescendant`. */
export function nodeDomId(id: string): string {
  return `mage-graph-${id.replace(/[^A-Za-z0-9_-]/g, '-')}`;
}

/** The same nodes, one of them selected; the others keep their identity. */
export function withSelection<T extends Node>(
  nodes: T[],
  selected: string | null
): T[] {
  return nodes.map(node =>
    node.id === selected ? { ...node, selected: true } : node
  );
}
