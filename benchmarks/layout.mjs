// Layout of large graphs: `node benchmarks/layout.mjs` after `jlpm build:lib`.
import { layoutGraph, LayoutMemo } from '../lib/ui/graph/layout.js';

let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
for (const count of [20, 150, 300, 500]) {
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    width: 216,
    height: 124
  }));
  const edges = nodes.slice(1).flatMap((node, index) =>
    Array.from({ length: random() < 0.25 ? 2 : 1 }, () => ({
      source: `n${Math.max(0, index - Math.floor(random() * 12))}`,
      target: node.id
    }))
  );
  layoutGraph(nodes, edges);
  // CPU time: the machine may have other things to do.
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const started = cpu();
  const rounds = 5;
  for (let round = 0; round < rounds; round++) {
    layoutGraph(nodes, edges);
  }
  const fresh = (cpu() - started) / rounds;
  const memo = new LayoutMemo();
  memo.get(nodes, edges);
  const again = cpu();
  memo.get(nodes, edges);
  console.log(
    `${count} nodes, ${edges.length} lines: ${fresh.toFixed(0)} ms, unchanged ${(cpu() - again).toFixed(1)} ms`
  );
}
