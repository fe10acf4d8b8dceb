import type { TranslationBundle } from '@jupyterlab/translation';
import {
  closeIcon,
  downloadIcon,
  filterIcon,
  launchIcon,
  listIcon,
  ReactWidget,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { countText } from '../ui/figures';
import { EVERYTHING, filterText, withFilter, withSort } from './query';
import type { TableModel } from './TableModel';

/** Waits shorter than this are not worth a word. */
const QUIET = 1000;
/** From here on a wait can be given up. */
const LONG = 4000;

export interface IFootActions {
  toggleFilter(): void;
  columns(anchor: Element): void;
  download(anchor: HTMLElement): void;
  openTab?(): void;
}

interface IFootProps {
  model: TableModel;
  trans: TranslationBundle;
  actions: IFootActions;
}

/** The line under the grid: what is shown, and what can be done with it. */
export class Foot extends ReactWidget {
  constructor(private readonly _props: IFootProps) {
    super();
    this.addClass('mage-Table-foot');
  }

  protected render(): React.ReactElement {
    const { model } = this._props;
    return (
      <UseSignal signal={model.stateChanged}>
        {() => <Line {...this._props} />}
      </UseSignal>
    );
  }
}

function Line(props: IFootProps): React.ReactElement {
  const { model, trans, actions } = props;
  const label = (text: string) => ({ title: text, 'aria-label': text });
  return (
    <>
      <span className="mage-Table-count" role="status">
        {countOf(model, trans)}
      </span>
      <Chips {...props} />
      {model.error && (
        <span className="mage-Table-error" role="alert" title={model.error}>
          {model.error}{' '}
          <button
            className="mage-Table-link"
            onClick={() => void model.ask(model.query)}
          >
            {trans.__('Try again')}
          </button>
        </span>
      )}
      <Waiting model={model} trans={trans} />
      <span className="mage-Table-spacer" />
      {!model.gone && (
        <button
          className="mage-Table-button"
          aria-pressed={model.filterLine}
          onClick={actions.toggleFilter}
          {...label(trans.__('Filter line'))}
        >
          <filterIcon.react tag="span" />
        </button>
      )}
      <button
        className="mage-Table-button"
        onClick={event => actions.columns(event.currentTarget)}
        {...label(trans.__('Columns'))}
      >
        <listIcon.react tag="span" />
      </button>
      {!model.gone && (
        <button
          className="mage-Table-button"
          aria-haspopup="menu"
          onClick={event => actions.download(event.currentTarget)}
          {...label(trans.__('Download'))}
        >
          <downloadIcon.react tag="span" />
        </button>
      )}
      {actions.openTab && !model.gone && (
        <button
          className="mage-Table-button"
          onClick={actions.openTab}
          {...label(trans.__('Open in its own tab'))}
        >
          <launchIcon.react tag="span" />
        </button>
      )}
    </>
  );
}

/** `344 rows × 8 columns`, `12 of 344 rows`. */
function countOf(model: TableModel, trans: TranslationBundle): string {
  const columns = model.columns.length;
  if (model.gone) {
    return trans.__(
      'first %1 of %2 rows × %3 columns',
      countText(model.rowCount('body')),
      countText(model.stored),
      countText(columns)
    );
  }
  if (model.query.filter.length && !model.busySince) {
    return trans.__(
      '%1 of %2 rows',
      countText(model.total),
      countText(model.stored)
    );
  }
  if (model.width > columns) {
    return trans.__(
      '%1 rows × first %2 of %3 columns',
      countText(model.stored),
      countText(columns),
      countText(model.width)
    );
  }
  const hidden = columns - model.order.length;
  const text = trans.__(
    '%1 rows × %2 columns',
    countText(model.stored),
    countText(columns)
  );
  return hidden ? `${text} ${trans.__('(%1 hidden)', hidden)}` : text;
}

/** What is filtered and sorted, each to be taken away with a click. */
function Chips(props: IFootProps): React.ReactElement | null {
  const { model, trans } = props;
  const { sort, filter } = model.query;
  if (!sort.length && !filter.length) {
    return null;
  }
  const chip = (text: string, remove: () => void) => (
    <span className="mage-Table-chip" key={text}>
      <span>{text}</span>
      <button
        className="mage-Table-button"
        title={trans.__('Remove %1', text)}
        aria-label={trans.__('Remove %1', text)}
        onClick={remove}
      >
        <closeIcon.react tag="span" />
      </button>
    </span>
  );
  return (
    <>
      {filter.map(item =>
        chip(
          `${item.column} ${filterText(item)}`,
          () => void model.ask(withFilter(model.query, item.column, null))
        )
      )}
      {sort.map(item =>
        chip(
          `${item.column} ${item.direction === 'asc' ? '▲' : '▼'}`,
          () => void model.ask(withSort(model.query, item.column, null, true))
        )
      )}
      {filter.length + sort.length > 1 && (
        <button
          className="mage-Table-link"
          onClick={() => void model.ask(EVERYTHING)}
        >
          {trans.__('clear all')}
        </button>
      )}
    </>
  );
}

/** A long sort says so, and can be given up. */
function Waiting(props: {
  model: TableModel;
  trans: TranslationBundle;
}): React.ReactElement | null {
  const { model, trans } = props;
  const since = model.busySince;
  const [now, setNow] = React.useState(Date.now());
  React.useEffect(() => {
    if (since === null) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, [since]);
  if (since === null || now - since < QUIET) {
    return null;
  }
  return (
    <span className="mage-Table-waiting" role="status">
      {trans.__('working… %1 s', Math.floor((now - since) / 1000))}
      {now - since > LONG && (
        <button className="mage-Table-link" onClick={() => model.cancel()}>
          {trans.__('Give up')}
        </button>
      )}
    </span>
  );
}
