/** Lays graphs out beside the page. */
import { type ILayoutEdge, type ILayoutNode, layoutGraph } from './layout';

/** What the page asks, numbered. */
export interface ILayoutQuestion {
  id: number;
  nodes: readonly ILayoutNode[];
  edges: readonly ILayoutEdge[];
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ILayoutQuestion>) => void;
  postMessage(answer: unknown): void;
};

scope.onmessage = ({ data: { id, nodes, edges } }) => {
  scope.postMessage({ id, layout: layoutGraph(nodes, edges) });
};
