import * as React from 'react';

import {
  type ILayout,
  type ILayoutEdge,
  type ILayoutNode,
  layoutGraph,
  MANY_NODES,
  signature
} from './layout';

interface IKeyedLayout {
  layout: ILayout;
  key: string;
}

const NOTHING: IKeyedLayout = {
  layout: { positions: new Map(), routes: new Map(), width: 0, height: 0 },
  key: ''
};

/**
 * Where the cards stand. A mere change of state moves nothing; of a large
 * graph the last layout stays until the new one is ready.
 */
export function useLayout(
  nodes: readonly ILayoutNode[],
  edges: readonly ILayoutEdge[]
): IKeyedLayout {
  const key = signature(nodes, edges);
  const [aside, setAside] = React.useState(NOTHING);
  const small = nodes.length <= MANY_NODES;
  const now = React.useMemo(
    () => (small ? { layout: layoutGraph(nodes, edges), key } : null),
    [key]
  );
  React.useEffect(() => {
    if (small) {
      return;
    }
    let gone = false;
    void layoutAside(nodes, edges).then(layout => {
      if (!gone) {
        setAside({ layout, key });
      }
    });
    return () => {
      gone = true;
    };
  }, [key]);
  return now ?? aside;
}

interface IWaiting {
  resolve: (layout: ILayout) => void;
  reject: (error: Error) => void;
}

const waiting = new Map<number, IWaiting>();
let asked = 0;
let worker: Worker | null | undefined;

/** Lay out in a worker; on the page where there can be none. */
function layoutAside(
  nodes: readonly ILayoutNode[],
  edges: readonly ILayoutEdge[]
): Promise<ILayout> {
  const plain = nodes.map(({ id, width, height, host }) => ({
    id,
    width,
    height,
    host
  }));
  const lines = edges.map(({ source, target }) => ({ source, target }));
  const found = workerOrNull();
  if (!found) {
    return Promise.resolve(layoutGraph(plain, lines));
  }
  const id = ++asked;
  return new Promise<ILayout>((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    found.postMessage({ id, nodes: plain, edges: lines });
  }).catch(() => layoutGraph(plain, lines));
}

function workerOrNull(): Worker | null {
  if (worker !== undefined) {
    return worker;
  }
  try {
    const made = new Worker(new URL('./layoutWorker.js', import.meta.url));
    made.onmessage = ({
      data
    }: MessageEvent<{ id: number; layout: ILayout }>) => {
      waiting.get(data.id)?.resolve(data.layout);
      waiting.delete(data.id);
    };
    made.onerror = event => {
      // It was not found or may not run here: what waits is asked of the page.
      event.preventDefault();
      worker = null;
      for (const { reject } of waiting.values()) {
        reject(new Error(event.message));
      }
      waiting.clear();
    };
    worker = made;
  } catch {
    worker = null;
  }
  return worker;
}
