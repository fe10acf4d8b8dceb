import { BaseEdge, type Edge, type EdgeProps } from '@xyflow/react';
import * as React from 'react';

import type { IPosition } from './layout';

/** A line that goes past the cards between its ends. */
export type RoutedEdgeType = Edge<{ route: readonly IPosition[] }, 'routed'>;

export const RoutedEdge = React.memo((props: EdgeProps<RoutedEdgeType>) => (
  <BaseEdge
    id={props.id}
    path={curve([
      { x: props.sourceX, y: props.sourceY },
      ...(props.data?.route ?? []),
      { x: props.targetX, y: props.targetY }
    ])}
    interactionWidth={props.interactionWidth}
  />
));
RoutedEdge.displayName = 'RoutedEdge';

export const EDGE_TYPES = { routed: RoutedEdge };

/** A curve through points that leaves and enters each of them downwards. */
export function curve(points: readonly IPosition[]): string {
  const [first, ...rest] = points;
  let path = `M ${first.x} ${first.y}`;
  let from = first;
  for (const to of rest) {
    const middle = (from.y + to.y) / 2;
    path +=
      from.x === to.x
        ? ` L ${to.x} ${to.y}`
        : ` C ${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
    from = to;
  }
  return path;
}
