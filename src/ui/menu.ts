import { type LabIcon, MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';

/** One line of a menu. */
export interface IMenuEntry {
  label: string;
  caption?: string;
  icon?: LabIcon;
  /** CSS class of the icon, for its colour. */
  iconClass?: string;
  enabled?: boolean;
  checked?: boolean;
  run?: () => void;
  submenu?: IMenuEntries;
}

export type IMenuEntries = readonly (IMenuEntry | 'separator')[];

function build(entries: IMenuEntries, onChosen: () => void): Menu {
  const commands = new CommandRegistry();
  // JupyterLab's own: with its icons and the arrow of a submenu.
  const menu = new MenuSvg({ commands });
  menu.addClass('mage-Menu');
  entries.forEach((entry, index) => {
    if (entry === 'separator') {
      menu.addItem({ type: 'separator' });
      return;
    }
    if (entry.submenu) {
      const submenu = build(entry.submenu, onChosen);
      submenu.title.label = entry.label;
      submenu.title.icon = entry.icon;
      menu.addItem({ type: 'submenu', submenu });
      return;
    }
    const command = `entry-${index}`;
    commands.addCommand(command, {
      label: entry.label,
      caption: entry.caption ?? '',
      icon: entry.icon,
      iconClass: entry.iconClass ?? '',
      isEnabled: () => entry.enabled !== false,
      isToggled: () => entry.checked === true,
      isToggleable: entry.checked !== undefined,
      execute: () => {
        onChosen();
        entry.run?.();
      }
    });
    menu.addItem({ command });
  });
  return menu;
}

/**
 * Open a menu under an element, or at a point of the page.
 *
 * `focus` says where keys go once an entry was chosen, when that is not where
 * the menu was opened.
 */
export function openMenu(
  entries: IMenuEntries,
  anchor: HTMLElement | { x: number; y: number },
  focus?: () => void
): void {
  let chosen = false;
  const menu = build(entries, () => {
    chosen = true;
  });
  const before = document.activeElement;
  menu.aboutToClose.connect(() => {
    // Its items still run in this turn.
    window.setTimeout(() => {
      menu.dispose();
      if (document.activeElement !== document.body) {
        return;
      }
      if (chosen && focus) {
        focus();
        return;
      }
      // Who works by keyboard goes on where the menu was opened.
      (before as HTMLElement | null)?.focus();
    });
  });
  if (anchor instanceof HTMLElement) {
    const box = anchor.getBoundingClientRect();
    menu.open(box.left, box.bottom + 2);
  } else {
    menu.open(anchor.x, anchor.y);
  }
}
