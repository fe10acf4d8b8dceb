import type { TranslationBundle } from '@jupyterlab/translation';

import { cellText } from '../ui/cellText';
import type { IMenuEntries, IMenuEntry } from '../ui/menu';
import { shareText } from './format';
import { withSort } from './query';
import type { TableModel } from './TableModel';

/** What the pointer over a header tells of its column. */
export function columnHint(
  model: TableModel,
  trans: TranslationBundle,
  place: number
): string {
  const column = model.column(place);
  const lines = [`${column.name}: ${column.type}`];
  const found = model.statistics(column);
  if (found) {
    const rows = found.count + found.nulls;
    lines.push(
      trans.__(
        '%1 null (%2)',
        found.nulls.toLocaleString(),
        shareText(found.nulls, rows)
      )
    );
    if (found.distinct !== null) {
      lines.push(
        trans.__('%1 different values', found.distinct.toLocaleString())
      );
    }
    if (found.minimum !== null && found.minimum !== undefined) {
      lines.push(
        trans.__(
          'from %1 to %2',
          cellText(found.minimum, column),
          cellText(found.maximum, column)
        )
      );
    }
    if (found.mean !== null) {
      lines.push(trans.__('mean %1', cellText(found.mean, column)));
    }
  }
  lines.push(trans.__('Click to sort, Shift+click to add to the order'));
  return lines.join('\n');
}

/** The ways to take the table away, with its sort and filter. */
export function downloadMenu(
  model: TableModel,
  trans: TranslationBundle
): IMenuEntries {
  const part = model.query.filter.length > 0;
  return [
    {
      label: part
        ? trans.__('Filtered rows as CSV')
        : trans.__('All rows as CSV'),
      run: () => download(model, 'csv')
    },
    {
      label: trans.__('… as CSV for spreadsheets (formulas disarmed)'),
      run: () => download(model, 'csv', true)
    },
    {
      label: part
        ? trans.__('Filtered rows as Parquet')
        : trans.__('All rows as Parquet'),
      run: () => download(model, 'parquet')
    }
  ];
}

function download(
  model: TableModel,
  format: 'csv' | 'parquet',
  safe = false
): void {
  const link = document.createElement('a');
  link.href = model.source.downloadUrl(format, model.query, safe);
  link.download = '';
  link.click();
}

/** What can be done with a column; `copy` when cells are selected. */
export function columnMenu(
  model: TableModel,
  trans: TranslationBundle,
  place: number,
  actions: { filter(): void; copy: (() => void) | null }
): IMenuEntries {
  const { name } = model.column(place);
  const sort = (direction: 'asc' | 'desc' | null) => () =>
    void model.ask(withSort(model.query, name, direction));
  const move = (by: number) => () => {
    const order = [...model.order];
    order.splice(place + by, 0, ...order.splice(place, 1));
    model.arrange(order);
  };
  const entries: (IMenuEntry & { hidden?: boolean })[] = [
    {
      label: trans.__('Sort ascending'),
      run: sort('asc'),
      hidden: model.gone
    },
    {
      label: trans.__('Sort descending'),
      run: sort('desc'),
      hidden: model.gone
    },
    {
      label: trans.__('Do not sort'),
      run: sort(null),
      hidden: !model.query.sort.length
    },
    {
      label: trans.__('Filter…'),
      run: actions.filter,
      hidden: model.gone
    },
    { label: trans.__('Move left'), run: move(-1), hidden: place === 0 },
    {
      label: trans.__('Move right'),
      run: move(1),
      hidden: place === model.order.length - 1
    },
    {
      label: trans.__('Hide'),
      run: () =>
        model.arrange(model.order.filter((_, index) => index !== place)),
      hidden: model.order.length === 1
    },
    {
      label: trans.__('Copy the name'),
      run: () => void navigator.clipboard.writeText(name)
    },
    {
      label: trans.__('Copy the selection with headers'),
      run: () => actions.copy?.(),
      hidden: !actions.copy
    }
  ];
  return entries.filter(entry => !entry.hidden);
}
