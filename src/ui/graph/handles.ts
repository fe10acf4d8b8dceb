import { Position, type NodeHandle } from '@xyflow/react';

const SIZE = 8;

/** Where edges meet a card, told in advance: cards out of view are never measured. */
export function handlesOf(width: number, height: number): NodeHandle[] {
  const x = width / 2 - SIZE / 2;
  return [
    {
      type: 'target',
      position: Position.Top,
      x,
      y: -SIZE / 2,
      width: SIZE,
      height: SIZE
    },
    {
      type: 'source',
      position: Position.Bottom,
      x,
      y: height - SIZE / 2,
      width: SIZE,
      height: SIZE
    }
  ];
}
