import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, type WidgetTracker } from '@jupyterlab/apputils';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

/**
 * Put a page into a tab of the main area, to be found again by its tracker;
 * what is restored after a reload is saved whenever `changed` says so.
 */
export function addTab<T extends Widget>(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<MainAreaWidget<T>>,
  content: T,
  id: string,
  changed?: ISignal<T, void>
): MainAreaWidget<T> {
  const tab = new MainAreaWidget({ content });
  tab.id = id;
  tab.toolbar.hide();
  changed?.connect(() => void tracker.save(tab));
  void tracker.add(tab);
  app.shell.add(tab, 'main', { type: 'Mage' });
  return tab;
}
