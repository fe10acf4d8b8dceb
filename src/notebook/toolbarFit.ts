import type { Toolbar } from '@jupyterlab/ui-components';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/** Below this width of the toolbar our buttons are icons. */
const NARROW = 640;
/** JupyterLab forgets what it is asked within half a second of fitting. */
const SETTLED_MS = 600;

const NARROW_CLASS = 'mage-mod-narrow';

/**
 * Make a notebook's toolbar put what it has no room for behind its “…”.
 *
 * JupyterLab measures an item once, and through 4.5 before what is inserted
 * later was drawn: with our buttons too much stays, and wraps over the first
 * block. So it is asked again when an item or the toolbar changed its width.
 */
export function fitToolbar(toolbar: Toolbar<Widget>): void {
  const { node } = toolbar;
  let timer = 0;
  const fit = (): void => {
    if (toolbar.isDisposed || !toolbar.isVisible) {
      return;
    }
    const widths = (toolbar as { _widgetWidths?: unknown })._widgetWidths;
    for (const child of Array.from(node.children)) {
      const name = (child as HTMLElement).dataset.jpItemName;
      if (name && widths instanceof Map && widths.has(name)) {
        // What is behind the “…” keeps the width that it had.
        widths.set(name, child.clientWidth);
      }
    }
    const { offsetWidth, offsetHeight } = node;
    MessageLoop.sendMessage(
      toolbar,
      new Widget.ResizeMessage(offsetWidth, offsetHeight)
    );
  };
  const soon = (): void => {
    node.classList.toggle(NARROW_CLASS, node.clientWidth < NARROW);
    window.clearTimeout(timer);
    timer = window.setTimeout(fit, SETTLED_MS);
  };
  const observer = new ResizeObserver(soon);
  observer.observe(node);
  const watched = new WeakSet<Element>();
  const watch = (): void => {
    for (const child of Array.from(node.children)) {
      if (!watched.has(child)) {
        watched.add(child);
        observer.observe(child);
      }
    }
  };
  const children = new MutationObserver(watch);
  children.observe(node, { childList: true });
  watch();
  toolbar.disposed.connect(() => {
    window.clearTimeout(timer);
    observer.disconnect();
    children.disconnect();
  });
}
