import React from 'react';

import type { Row } from './rows';
import { isExpandable, move } from './rows';

export interface ITreeProps {
  rows: readonly Row[];
  label: string;
  /** Draws what is in a row. */
  render: (row: Row) => React.ReactNode;
  /** Spoken name of a row. */
  nameOf: (row: Row) => string;
  onOpen: (row: Row) => void;
  onFold: (row: Row, folded: boolean) => void;
  onRename: (row: Row) => void;
  onDelete: (row: Row) => void;
  onMenu: (row: Row, x: number, y: number) => void;
}

/**
 * An accessible tree: one row is in the tab order, arrows walk, Enter opens,
 * Left and Right fold, F2 renames, Delete deletes, Shift+F10 opens the menu.
 */
export function Tree(props: ITreeProps): JSX.Element {
  const { rows, onFold } = props;
  const [current, setCurrent] = React.useState<string | null>(null);
  const list = React.useRef<HTMLDivElement>(null);
  const found = rows.findIndex(row => row.id === current);
  const index = found < 0 ? 0 : found;

  const focus = (at: number): void => {
    setCurrent(rows[at].id);
    list.current
      ?.querySelector<HTMLElement>(`[data-row="${CSS.escape(rows[at].id)}"]`)
      ?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[index];
    if (
      !row ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      (event.target as HTMLElement).getAttribute('role') !== 'treeitem'
    ) {
      return;
    }
    const folds = isExpandable(row);
    if (event.key === 'Enter' || event.key === ' ') {
      props.onOpen(row);
    } else if (event.key === 'F2') {
      props.onRename(row);
    } else if (event.key === 'Delete') {
      props.onDelete(row);
    } else if (
      event.key === 'ContextMenu' ||
      (event.shiftKey && event.key === 'F10')
    ) {
      const box = (event.target as HTMLElement).getBoundingClientRect();
      props.onMenu(row, box.left + 24, box.bottom);
    } else if (event.key === 'ArrowLeft' && folds && row.expanded) {
      onFold(row, true);
    } else if (event.key === 'ArrowRight' && folds && !row.expanded) {
      onFold(row, false);
    } else {
      const next = move(rows, index, event.key);
      if (next === null) {
        return;
      }
      focus(next);
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={list}
      className="mage-Tree"
      role="tree"
      aria-label={props.label}
      onKeyDown={onKeyDown}
    >
      {rows.map((row, at) =>
        row.kind === 'empty' ? (
          <div key={row.id} className="mage-Tree-empty" role="none">
            {props.render(row)}
          </div>
        ) : (
          <div
            key={row.id}
            role="treeitem"
            className="mage-Tree-row"
            data-row={row.id}
            data-kind={row.kind}
            aria-level={row.level}
            aria-label={props.nameOf(row)}
            aria-expanded={isExpandable(row) ? row.expanded : undefined}
            tabIndex={at === index ? 0 : -1}
            style={{ paddingLeft: `${4 + (row.level - 1) * 14}px` }}
            onFocus={() => setCurrent(row.id)}
            onClick={() => {
              setCurrent(row.id);
              props.onOpen(row);
            }}
            onContextMenu={event => {
              event.preventDefault();
              event.stopPropagation();
              focus(at);
              props.onMenu(row, event.clientX, event.clientY);
            }}
          >
            {props.render(row)}
          </div>
        )
      )}
    </div>
  );
}
