import { Position, type NodeHandle } from '@xyflow/react';

/** Of the circles that lines are drawn from. */
const SIZE = 8;

/**
 * Where edges meet a card, told in advance: cards out of view are never
 * measured. Lines end at the outside of the circles; without them, at the card.
 */
export function handlesOf(
  width: number,
  height: number,
  size = SIZE
): NodeHandle[] {
  const x = width / 2 - size / 2;
  return [
    {
      type: 'target',
      position: Position.Top,
      x,
      y: -size / 2,
      width: size,
      height: size
    },
    {
      type: 'source',
      position: Position.Bottom,
      x,
      y: height - size / 2,
      width: size,
      height: size
    }
  ];
}
