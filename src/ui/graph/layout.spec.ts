import { describe, expect, it } from 'vitest';

import { layoutGraph, routeKey, signature, type ILayoutNode } from './layout';
import { neighbour } from './navigate';

const card = (id: string, host?: string): ILayoutNode => ({
  id,
  width: 200,
  height: host ? 28 : 60,
  host
});
const chain = [
  { source: 'load', target: 'clean' },
  { source: 'load', target: 'check' },
  { source: 'clean', target: 'export' }
];

function overlaps(nodes: ILayoutNode[], edges = chain): string[] {
  const { positions } = layoutGraph(nodes, edges);
  const found: string[] = [];
  for (const a of nodes) {
    for (const b of nodes) {
      const p = positions.get(a.id)!;
      const q = positions.get(b.id)!;
      if (
        a.id < b.id &&
        p.x < q.x + b.width &&
        q.x < p.x + a.width &&
        p.y < q.y + b.height &&
        q.y < p.y + a.height
      ) {
        found.push(`${a.id}/${b.id}`);
      }
    }
  }
  return found;
}

describe('layoutGraph', () => {
  const nodes = ['load', 'clean', 'check', 'export'].map(id => card(id));

  it('puts what depends below what it depends on', () => {
    const { positions } = layoutGraph(nodes, chain);
    for (const { source, target } of chain) {
      expect(positions.get(target)!.y).toBeGreaterThan(
        positions.get(source)!.y + 60
      );
    }
  });

  it('lets no cards overlap, attached and lonely ones included', () => {
    const all = [
      ...nodes,
      card('call', 'clean'),
      card('call2', 'clean'),
      ...Array.from({ length: 9 }, (_, index) => card(`lone${index}`))
    ];
    expect(overlaps(all)).toEqual([]);
    const { positions } = layoutGraph(all, chain);
    expect(positions.get('call')!.y).toBe(positions.get('clean')!.y + 66);
    expect(
      new Set(all.map(node => positions.get(node.id)!.y)).size
    ).toBeLessThan(all.length);
  });

  it('leads a long line past the cards between its ends', () => {
    const edges = [...chain, { source: 'load', target: 'export' }];
    const { positions, routes } = layoutGraph(nodes, edges);
    const route = routes.get(routeKey('load', 'export'))!;
    expect(route.length).toBeGreaterThan(0);
    for (const { x, y } of route) {
      for (const node of nodes) {
        const at = positions.get(node.id)!;
        const inside =
          x > at.x &&
          x < at.x + node.width &&
          y > at.y &&
          y < at.y + node.height;
        expect(inside).toBe(false);
      }
    }
    expect(routes.get(routeKey('load', 'clean'))).toEqual([]);
  });

  it('bears edges to blocks that are not there, and loops', () => {
    const { positions } = layoutGraph(nodes, [
      { source: 'gone', target: 'load' },
      { source: 'load', target: 'load' }
    ]);
    expect(positions.size).toBe(4);
  });

  it('attaches to an unknown host as an ordinary card', () => {
    expect(layoutGraph([card('a', 'gone')], []).positions.get('a')).toEqual({
      x: 0,
      y: 0
    });
  });

  it('has another signature only for another structure', () => {
    const named = nodes.map(node => ({ ...node, name: 'changed' }));
    expect(signature(named, [...chain])).toBe(signature(nodes, chain));
    expect(signature(nodes, chain.slice(1))).not.toBe(signature(nodes, chain));
  });

  it('places every card of a large graph, each below what it depends on', () => {
    const many = Array.from({ length: 200 }, (_, index) => card(`n${index}`));
    const lines = many.slice(1).map((_, index) => ({
      source: `n${Math.floor(index / 2)}`,
      target: `n${index + 1}`
    }));
    const { positions } = layoutGraph(many, lines);
    expect(positions.size).toBe(200);
    for (const { source, target } of lines) {
      expect(positions.get(target)!.y).toBeGreaterThan(
        positions.get(source)!.y
      );
    }
  });
});

describe('neighbour', () => {
  const positions = new Map([
    ['load', { x: 100, y: 0 }],
    ['clean', { x: 0, y: 100 }],
    ['check', { x: 220, y: 100 }],
    ['export', { x: 0, y: 200 }]
  ]);
  it.each([
    ['load', 'down', 'clean'],
    ['export', 'up', 'clean'],
    ['clean', 'right', 'check'],
    ['check', 'left', 'clean'],
    ['load', 'up', null],
    ['check', 'down', 'export']
  ] as const)('from %s %s to %s', (from, direction, to) => {
    expect(neighbour(from, direction, positions, chain)).toBe(to);
  });
});
