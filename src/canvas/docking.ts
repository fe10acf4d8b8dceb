import { DockLayout, DockPanel, type Widget } from '@lumino/widgets';

/** The dock a widget lies in, however deep. */
function dockOf(widget: Widget): DockPanel | null {
  for (let at: Widget | null = widget.parent; at; at = at.parent) {
    if (at instanceof DockPanel) {
      return at;
    }
  }
  return null;
}

/** Part of the common width that the right one of two neighbours has. */
export function shareOf(left: Widget, right: Widget): number | null {
  const a = left.node.getBoundingClientRect();
  const b = right.node.getBoundingClientRect();
  const beside = a.width > 0 && b.width > 0 && b.left >= a.right - 1;
  return beside ? b.width / (b.right - a.left) : null;
}

/** Give the right one of two neighbours a part of their common width. */
export function setShare(left: Widget, right: Widget, share: number): void {
  const dock = dockOf(right);
  const layout = dock?.layout;
  if (
    !dock ||
    !(layout instanceof DockLayout) ||
    shareOf(left, right) === null
  ) {
    return;
  }
  const a = left.node.getBoundingClientRect();
  const b = right.node.getBoundingClientRect();
  const edge = b.left;
  for (const handle of layout.handles()) {
    const box = handle.getBoundingClientRect();
    const between =
      handle.dataset.orientation === 'horizontal' &&
      Math.abs(box.right - edge) < 12 &&
      box.top <= b.bottom &&
      box.bottom >= b.top;
    if (between) {
      const wanted = b.right - share * (b.right - a.left);
      const offset = wanted - dock.node.getBoundingClientRect().left;
      layout.moveHandle(handle, offset, handle.offsetTop);
      return;
    }
  }
}

/** Show a tab without taking the focus, unless that would hide `keep`. */
export function reveal(widget: Widget, keep: Widget): void {
  const dock = dockOf(widget);
  if (!dock || widget.isVisible) {
    return;
  }
  for (const bar of dock.tabBars()) {
    const owners = bar.titles.map(title => title.owner);
    if (owners.includes(widget)) {
      if (!owners.includes(keep)) {
        dock.selectWidget(widget);
      }
      return;
    }
  }
}
