/** Which card the arrow keys lead to. Pure. */
import type { ILayoutEdge, IPosition } from './layout';

export type Direction = 'up' | 'down' | 'left' | 'right';

/**
 * Up and down follow an edge (to the end nearest in x); where there is none,
 * and for left and right, the nearest card in that direction is taken.
 */
export function neighbour(
  from: string,
  direction: Direction,
  positions: ReadonlyMap<string, IPosition>,
  edges: readonly ILayoutEdge[]
): string | null {
  const origin = positions.get(from);
  if (!origin) {
    return null;
  }
  if (direction === 'up' || direction === 'down') {
    const along = edges
      .filter(edge =>
        direction === 'down' ? edge.source === from : edge.target === from
      )
      .map(edge => (direction === 'down' ? edge.target : edge.source));
    const best = nearest(along, id => {
      const at = positions.get(id);
      return at ? Math.abs(at.x - origin.x) : null;
    });
    if (best) {
      return best;
    }
  }
  return nearest([...positions.keys()], id => {
    const at = positions.get(id)!;
    const dx = at.x - origin.x;
    const dy = at.y - origin.y;
    const [ahead, aside] = {
      up: [-dy, dx],
      down: [dy, dx],
      left: [-dx, dy],
      right: [dx, dy]
    }[direction];
    // What lies straight ahead wins over what is merely close.
    return ahead > 0 ? ahead + 3 * Math.abs(aside) : null;
  });
}

function nearest(
  ids: readonly string[],
  distance: (id: string) => number | null
): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const id of ids) {
    const value = distance(id);
    if (value !== null && value < least) {
      best = id;
      least = value;
    }
  }
  return best;
}
