/** The graph of blocks: circles, order, what lies above and below. Pure. */

/** Block id -> the ids it depends on, in order. */
export type Upstream = ReadonlyMap<string, readonly string[]>;

/** The ids below each block, in the order of the blocks. */
export function downstreamOf(upstream: Upstream): Map<string, string[]> {
  const below = new Map<string, string[]>();
  for (const id of upstream.keys()) {
    below.set(id, []);
  }
  for (const [id, above] of upstream) {
    for (const parent of above) {
      below.get(parent)?.push(id);
    }
  }
  return below;
}

/** The start and all that the links lead to. */
export function reachable(
  start: Iterable<string>,
  links: ReadonlyMap<string, readonly string[]>
): Set<string> {
  const found = new Set<string>();
  const stack = [...start];
  while (stack.length) {
    const id = stack.pop() as string;
    if (!found.has(id)) {
      found.add(id);
      stack.push(...(links.get(id) ?? []));
    }
  }
  return found;
}

/**
 * The circle that would close when `target` depended on `source`, as a path
 * that ends where it began, or null.
 */
export function circle(
  upstream: Upstream,
  source: string,
  target: string
): string[] | null {
  if (source === target) {
    return [source, source];
  }
  const below = downstreamOf(upstream);
  const from = new Map<string, string | null>([[target, null]]);
  const queue = [target];
  while (queue.length) {
    const id = queue.shift() as string;
    if (id === source) {
      const path = [source];
      for (let at = from.get(id); at; at = from.get(at)) {
        path.push(at);
      }
      return [...path.reverse(), target].map(String);
    }
    for (const child of below.get(id) ?? []) {
      if (!from.has(child)) {
        from.set(child, id);
        queue.push(child);
      }
    }
  }
  return null;
}

/** The ids so that each follows what it depends on, else as given. */
export function ordered(ids: readonly string[], upstream: Upstream): string[] {
  const wanted = new Set(ids);
  const done = new Set<string>();
  const result: string[] = [];
  for (const root of ids) {
    const stack: [string, boolean][] = [[root, false]];
    const open = new Set<string>();
    while (stack.length) {
      const [id, ready] = stack.pop() as [string, boolean];
      if (done.has(id)) {
        continue;
      }
      if (ready || open.has(id)) {
        done.add(id);
        if (wanted.has(id)) {
          result.push(id);
        }
        continue;
      }
      open.add(id);
      stack.push([id, true]);
      const above = upstream.get(id) ?? [];
      for (let index = above.length - 1; index >= 0; index--) {
        const parent = above[index];
        if (!done.has(parent) && !open.has(parent)) {
          stack.push([parent, false]);
        }
      }
    }
  }
  return result;
}
