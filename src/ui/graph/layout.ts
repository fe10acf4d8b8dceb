/** Where the cards of a graph stand. Pure: same in, same out. */
import { Graph, layout as dagre } from '@dagrejs/dagre';

export interface ILayoutNode {
  id: string;
  width: number;
  height: number;
  /** Card to which this small one (callback, conditional) is attached. */
  host?: string | null;
}

export interface ILayoutEdge {
  source: string;
  target: string;
}

export interface IPosition {
  x: number;
  y: number;
}

export interface ILayout {
  /** Upper left corners. */
  positions: ReadonlyMap<string, IPosition>;
  /** Points by which lines go past the cards between their ends. */
  routes: ReadonlyMap<string, readonly IPosition[]>;
  width: number;
  height: number;
}

const RANK_GAP = 48;
const NODE_GAP = 32;
const LINE_GAP = 20;
const ATTACHED_GAP = 6;
const ATTACHED_INDENT = 16;

/** More cards than this are laid out aside, so that the page goes on meanwhile. */
export const MANY_NODES = 150;

/** Key of a line in `routes`. */
export function routeKey(source: string, target: string): string {
  return `${source}\n${target}`;
}

/** What a layout depends on, as a text: equal texts need no second layout. */
export function signature(
  nodes: readonly ILayoutNode[],
  edges: readonly ILayoutEdge[]
): string {
  return JSON.stringify([
    nodes.map(node => [node.id, node.width, node.height, node.host ?? null]),
    edges.map(edge => [edge.source, edge.target])
  ]);
}

/**
 * Lay out top to bottom: a layer per distance from the sources. Attached cards
 * hang under their host; cards without any edge stand in rows below the rest,
 * where they do not stretch the first layer to the width of them all.
 */
export function layoutGraph(
  nodes: readonly ILayoutNode[],
  edges: readonly ILayoutEdge[]
): ILayout {
  const known = new Map(nodes.map(node => [node.id, node]));
  const attached = new Map<string, ILayoutNode[]>();
  const hosts: ILayoutNode[] = [];
  for (const node of nodes) {
    const host = node.host ? known.get(node.host) : undefined;
    if (host && !host.host) {
      attached.set(host.id, [...(attached.get(host.id) ?? []), node]);
    } else {
      hosts.push(node);
    }
  }
  const boxes = new Map(
    hosts.map(node => [node.id, boxOf(node, attached.get(node.id) ?? [])])
  );
  const links = edges.filter(
    edge =>
      boxes.has(edge.source) &&
      boxes.has(edge.target) &&
      edge.source !== edge.target
  );
  const linked = new Set(links.flatMap(edge => [edge.source, edge.target]));
  const { corners, routes } = layered(
    hosts.filter(node => linked.has(node.id)).map(node => node.id),
    links,
    boxes
  );
  const extent = extentOf(corners, boxes);
  rows(
    hosts.filter(node => !linked.has(node.id)).map(node => node.id),
    boxes,
    extent,
    corners
  );
  const positions = new Map<string, IPosition>();
  for (const node of hosts) {
    const corner = corners.get(node.id)!;
    positions.set(node.id, corner);
    let y = corner.y + node.height + ATTACHED_GAP;
    for (const small of attached.get(node.id) ?? []) {
      positions.set(small.id, { x: corner.x + ATTACHED_INDENT, y });
      y += small.height + ATTACHED_GAP;
    }
  }
  const size = extentOf(corners, boxes);
  for (const points of routes.values()) {
    for (const { x } of points) {
      size.width = Math.max(size.width, x + LINE_GAP);
    }
  }
  return { positions, routes, ...size };
}

interface IBox {
  width: number;
  height: number;
}

function boxOf(node: ILayoutNode, attached: readonly ILayoutNode[]): IBox {
  return attached.reduce(
    (box, small) => ({
      width: Math.max(box.width, small.width + ATTACHED_INDENT),
      height: box.height + small.height + ATTACHED_GAP
    }),
    { width: node.width, height: node.height }
  );
}

function layered(
  ids: readonly string[],
  links: readonly ILayoutEdge[],
  boxes: ReadonlyMap<string, IBox>
): { corners: Map<string, IPosition>; routes: Map<string, IPosition[]> } {
  const corners = new Map<string, IPosition>();
  const routes = new Map<string, IPosition[]>();
  if (!ids.length) {
    return { corners, routes };
  }
  const graph = new Graph();
  graph.setGraph({
    rankdir: 'TB',
    ranksep: RANK_GAP,
    nodesep: NODE_GAP,
    edgesep: LINE_GAP,
    // Shorter lines are worth their time only where they can be seen.
    ranker: ids.length > MANY_NODES ? 'longest-path' : 'network-simplex'
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) {
    graph.setNode(id, { ...boxes.get(id)! });
  }
  for (const link of links) {
    graph.setEdge(link.source, link.target);
  }
  dagre(graph);
  // Half the height of the highest card of each layer, by the layer's middle.
  const layers = new Map<number, number>();
  for (const id of ids) {
    const { x, y } = graph.node(id) as unknown as IPosition;
    const box = boxes.get(id)!;
    layers.set(
      Math.round(y),
      Math.max(layers.get(Math.round(y)) ?? 0, box.height / 2)
    );
    corners.set(id, {
      x: Math.round(x - box.width / 2),
      y: Math.round(y - box.height / 2)
    });
  }
  for (const { source, target } of links) {
    const { points = [] } = graph.edge(source, target) as {
      points?: IPosition[];
    };
    routes.set(routeKey(source, target), past(points.slice(1, -1), layers));
  }
  return { corners, routes };
}

/** Straight down past the cards of each layer that a line crosses. */
function past(
  points: readonly IPosition[],
  layers: ReadonlyMap<number, number>
): IPosition[] {
  return points.flatMap(({ x, y }) => {
    const half = layers.get(Math.round(y));
    return half === undefined
      ? []
      : [
          { x, y: y - half },
          { x, y: y + half }
        ];
  });
}

/** Cards without edges, in rows about as wide as the layers above them. */
function rows(
  ids: readonly string[],
  boxes: ReadonlyMap<string, IBox>,
  extent: IBox,
  corners: Map<string, IPosition>
): void {
  const total = ids.reduce((sum, id) => sum + boxes.get(id)!.width, 0);
  const limit = Math.max(
    extent.width,
    Math.sqrt(ids.length) * (total / Math.max(1, ids.length) + NODE_GAP)
  );
  let x = 0;
  let y = extent.height ? extent.height + RANK_GAP : 0;
  let tallest = 0;
  for (const id of ids) {
    const box = boxes.get(id)!;
    if (x > 0 && x + box.width > limit) {
      x = 0;
      y += tallest + NODE_GAP;
      tallest = 0;
    }
    corners.set(id, { x, y });
    x += box.width + NODE_GAP;
    tallest = Math.max(tallest, box.height);
  }
}

function extentOf(
  corners: ReadonlyMap<string, IPosition>,
  boxes: ReadonlyMap<string, IBox>
): IBox {
  let width = 0;
  let height = 0;
  for (const [id, corner] of corners) {
    const box = boxes.get(id)!;
    width = Math.max(width, corner.x + box.width);
    height = Math.max(height, corner.y + box.height);
  }
  return { width, height };
}
