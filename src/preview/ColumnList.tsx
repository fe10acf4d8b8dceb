import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretUpIcon,
  ReactWidget
} from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { kindSign } from './HeaderRenderer';
import type { TableModel } from './TableModel';

/** Above this many columns a search field is worth its room. */
const MANY = 12;

function List(props: {
  model: TableModel;
  trans: TranslationBundle;
}): React.ReactElement {
  const { model, trans } = props;
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  const [search, setSearch] = React.useState('');
  const dragged = React.useRef<number | null>(null);
  const shown = model.order;
  const hidden = model.columns
    .map((_, index) => index)
    .filter(index => !shown.includes(index));
  const arrange = (order: readonly number[]) => {
    model.arrange(order);
    redraw();
  };
  const move = (from: number, to: number) => {
    if (to >= 0 && to < shown.length && from !== to) {
      const order = [...shown];
      order.splice(to, 0, ...order.splice(from, 1));
      arrange(order);
    }
  };
  const matches = (index: number) =>
    model.columns[index].name.toLowerCase().includes(search.toLowerCase());
  const row = (index: number, place: number) => {
    const column = model.columns[index];
    const visible = place >= 0;
    return (
      <li
        key={index}
        draggable={visible && !search}
        onDragStart={() => (dragged.current = place)}
        onDragOver={event => event.preventDefault()}
        onDrop={() => {
          if (dragged.current !== null && visible) {
            move(dragged.current, place);
          }
        }}
      >
        <label title={`${column.name}: ${column.type}`}>
          <input
            type="checkbox"
            checked={visible}
            disabled={visible && shown.length === 1}
            onChange={() =>
              arrange(
                visible
                  ? shown.filter(item => item !== index)
                  : [...shown, index]
              )
            }
          />
          <span className="mage-Columns-kind">{kindSign(column.kind)}</span>
          <span className="mage-Columns-name">{column.name}</span>
        </label>
        {visible && !search && (
          <>
            <button
              className="mage-Table-button"
              disabled={place === 0}
              title={trans.__('Move %1 to the left', column.name)}
              aria-label={trans.__('Move %1 to the left', column.name)}
              onClick={() => move(place, place - 1)}
            >
              <caretUpIcon.react tag="span" />
            </button>
            <button
              className="mage-Table-button"
              disabled={place === shown.length - 1}
              title={trans.__('Move %1 to the right', column.name)}
              aria-label={trans.__('Move %1 to the right', column.name)}
              onClick={() => move(place, place + 1)}
            >
              <caretDownIcon.react tag="span" />
            </button>
          </>
        )}
      </li>
    );
  };
  return (
    <>
      {model.columns.length > MANY && (
        <input
          className="jp-mod-styled"
          type="search"
          placeholder={trans.__('find a column…')}
          aria-label={trans.__('Find a column')}
          value={search}
          onChange={event => setSearch(event.target.value)}
        />
      )}
      <ul>
        {shown.map((index, place) => matches(index) && row(index, place))}
        {hidden.map(index => matches(index) && row(index, -1))}
      </ul>
      {model.width > model.columns.length && (
        <p className="mage-Columns-more">
          {trans._n(
            '%1 more column is not shown here; a download has all.',
            '%1 more columns are not shown here; a download has all.',
            model.width - model.columns.length
          )}
        </p>
      )}
      <div className="mage-Columns-all">
        <button
          className="jp-mod-styled"
          disabled={!hidden.length && inOrder(shown)}
          onClick={() => arrange(model.columns.map((_, index) => index))}
        >
          {trans.__('Show all as stored')}
        </button>
      </div>
    </>
  );
}

function inOrder(order: readonly number[]): boolean {
  return order.every((index, place) => index === place);
}

/** The columns: which are shown, in which order. A popup over the page. */
export class ColumnList extends ReactWidget {
  constructor(
    private readonly _model: TableModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('mage-Columns');
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-label', _trans.__('Columns'));
    this.node.tabIndex = -1;
    this.node.dataset.lmSuppressShortcuts = 'true';
  }

  /** Open above or below a button; a click elsewhere or Escape closes it. */
  open(anchor: Element): void {
    const box = anchor.getBoundingClientRect();
    Widget.attach(this, document.body);
    const above = box.top > window.innerHeight - box.bottom;
    const style = this.node.style;
    style.right = `${Math.max(4, window.innerWidth - box.right)}px`;
    if (above) {
      style.bottom = `${window.innerHeight - box.top + 4}px`;
      style.maxHeight = `${Math.min(420, box.top - 12)}px`;
    } else {
      style.top = `${box.bottom + 4}px`;
      style.maxHeight = `${Math.min(420, window.innerHeight - box.bottom - 12)}px`;
    }
    this._anchor = anchor;
    this.node.focus();
    document.addEventListener('pointerdown', this._outside, true);
    this.node.addEventListener('keydown', this._key);
  }

  dispose(): void {
    document.removeEventListener('pointerdown', this._outside, true);
    super.dispose();
  }

  protected render(): React.ReactElement {
    return <List model={this._model} trans={this._trans} />;
  }

  private readonly _outside = (event: Event) => {
    const target = event.target as Node;
    if (!this.node.contains(target) && !this._anchor?.contains(target)) {
      this.dispose();
    }
  };
  private readonly _key = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      (this._anchor as HTMLElement | null)?.focus();
      this.dispose();
    }
  };
  private _anchor: Element | null = null;
}
