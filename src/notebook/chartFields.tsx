import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ChoiceField, Field, TextField } from '../ui/form';

type Configuration = Record<string, unknown>;

export interface IMetric {
  aggregation: string;
  column: string;
}

const AGGREGATIONS = [
  'average',
  'count',
  'count_distinct',
  'max',
  'median',
  'min',
  'mode',
  'sum'
];

/** Which parts of the form a type of chart has. */
const PARTS: Record<string, readonly string[]> = {
  'bar chart': ['groups', 'metrics', 'order', 'limit', 'style', 'labels'],
  'line chart': ['groups', 'metrics', 'labels'],
  histogram: ['group', 'buckets', 'labels'],
  'pie chart': ['group', 'buckets'],
  table: ['columns', 'order_by', 'order', 'limit'],
  'time series bar chart': ['group', 'interval', 'metrics', 'labels'],
  'time series line chart': ['group', 'interval', 'metrics', 'labels'],
  custom: []
};

function typeNames(trans: TranslationBundle): [string, string][] {
  return [
    ['', trans.__('none: the code draws')],
    ['bar chart', trans.__('bar chart')],
    ['line chart', trans.__('line chart')],
    ['histogram', trans.__('histogram')],
    ['pie chart', trans.__('pie chart')],
    ['table', trans.__('table')],
    ['time series bar chart', trans.__('time series, bars')],
    ['time series line chart', trans.__('time series, lines')],
    ['custom', trans.__('custom: the code draws')]
  ];
}

/** The columns named by a configuration, as one text. */
function listText(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map(item => item.trim())
    .filter(Boolean);
}

/** A configuration with a key set, or without it when there is nothing to say. */
export function withKey(
  configuration: Configuration,
  key: string,
  value: unknown
): Configuration {
  const next = { ...configuration };
  const empty =
    value === '' ||
    value === null ||
    value === undefined ||
    (Array.isArray(value) && value.length === 0);
  if (empty) {
    delete next[key];
  } else {
    next[key] = value;
  }
  return next;
}

export function metricsOf(configuration: Configuration): IMetric[] {
  const said = configuration['metrics'];
  return Array.isArray(said)
    ? said.map(item => ({
        aggregation: String(item?.aggregation ?? 'sum'),
        column: String(item?.column ?? '')
      }))
    : [];
}

/** The settings of a chart, so that it needs no code. */
export function ChartFields(props: {
  value: Configuration;
  columns: readonly string[];
  trans: TranslationBundle;
  onChange: (value: Configuration) => void;
}): React.JSX.Element {
  const { value, columns, trans, onChange } = props;
  const type = String(value['chart_type'] ?? '');
  const parts = new Set(PARTS[type] ?? []);
  const set = (key: string, item: unknown): void =>
    onChange(withKey(value, key, item));
  const text = (key: string): string => listText(value[key]);
  const number = (
    key: string,
    label: string,
    hint?: string
  ): React.JSX.Element => (
    <TextField
      label={label}
      hint={hint}
      type="number"
      value={text(key)}
      onChange={item => set(key, item === '' ? '' : Number(item))}
    />
  );
  return (
    <>
      <ColumnList columns={columns} />
      <ChoiceField
        label={trans.__('Type of chart')}
        value={type}
        choices={typeNames(trans)}
        onChange={item => set('chart_type', item)}
      />
      {parts.has('groups') || parts.has('columns') ? (
        <ColumnField
          label={
            parts.has('columns') ? trans.__('Columns') : trans.__('Group by')
          }
          hint={trans.__('Names of columns, separated by commas')}
          value={text('group_by')}
          onChange={item => set('group_by', listOf(item))}
        />
      ) : null}
      {parts.has('group') ? (
        <ColumnField
          label={
            parts.has('interval')
              ? trans.__('Column with the time')
              : trans.__('Column')
          }
          value={text('group_by')}
          onChange={item => set('group_by', listOf(item))}
        />
      ) : null}
      {parts.has('interval') ? (
        <ChoiceField
          label={trans.__('Time interval')}
          value={String(value['time_interval'] ?? 'original')}
          choices={[
            ['original', trans.__('as in the data')],
            ['second', trans.__('second')],
            ['minute', trans.__('minute')],
            ['hour', trans.__('hour')],
            ['day', trans.__('day')],
            ['week', trans.__('week')],
            ['month', trans.__('month')],
            ['year', trans.__('year')]
          ]}
          onChange={item => set('time_interval', item)}
        />
      ) : null}
      {parts.has('metrics') ? (
        <Metrics
          metrics={metricsOf(value)}
          trans={trans}
          onChange={metrics => set('metrics', metrics)}
        />
      ) : null}
      {parts.has('order_by') ? (
        <ColumnField
          label={trans.__('Sort by')}
          value={text('order_by')}
          onChange={item => set('order_by', item)}
        />
      ) : null}
      <div className="mage-Form-columns">
        {parts.has('order') ? (
          <ChoiceField
            label={trans.__('Order')}
            value={String(value['y_sort_order'] ?? '')}
            choices={[
              ['', trans.__('as in the data')],
              ['ascending', trans.__('smallest first')],
              ['descending', trans.__('largest first')]
            ]}
            onChange={item => set('y_sort_order', item)}
          />
        ) : null}
        {parts.has('style') ? (
          <ChoiceField
            label={trans.__('Bars')}
            value={String(value['chart_style'] ?? '')}
            choices={[
              ['', trans.__('upright')],
              ['horizontal', trans.__('horizontal')]
            ]}
            onChange={item => set('chart_style', item)}
          />
        ) : null}
        {parts.has('limit') ? number('limit', trans.__('At most')) : null}
        {parts.has('buckets')
          ? number('buckets', trans.__('Buckets'), trans.__('40 at most'))
          : null}
      </div>
      {parts.has('labels') ? (
        <div className="mage-Form-columns">
          <TextField
            label={trans.__('Label of the x axis')}
            value={text('x_axis_label')}
            onChange={item => set('x_axis_label', item)}
          />
          <TextField
            label={trans.__('Label of the y axis')}
            value={text('y_axis_label')}
            onChange={item => set('y_axis_label', item)}
          />
        </div>
      ) : null}
      {type && type !== 'custom' && type !== 'table' ? (
        <div className="mage-Form-columns">
          {number('width_percentage', trans.__('Width in percent'))}
          {number('height', trans.__('Height in pixels'))}
        </div>
      ) : null}
    </>
  );
}

const COLUMNS_ID = 'mage-chart-columns';

function ColumnList(props: { columns: readonly string[] }): React.JSX.Element {
  return (
    <datalist id={COLUMNS_ID}>
      {props.columns.map(name => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

function ColumnField(props: {
  label: string;
  hint?: string;
  value: string;
  onChange: (value: string) => void;
}): React.JSX.Element {
  // What is typed is kept as it is typed: "a, " must not lose its comma.
  const [typed, setTyped] = React.useState(props.value);
  return (
    <Field label={props.label} hint={props.hint}>
      <input
        className="mage-Field-input"
        list={COLUMNS_ID}
        spellCheck={false}
        value={typed}
        onChange={event => {
          setTyped(event.target.value);
          props.onChange(event.target.value);
        }}
      />
    </Field>
  );
}

function Metrics(props: {
  metrics: readonly IMetric[];
  trans: TranslationBundle;
  onChange: (metrics: IMetric[]) => void;
}): React.JSX.Element {
  const { metrics, trans, onChange } = props;
  const replace = (index: number, change: Partial<IMetric>): void =>
    onChange(
      metrics.map((old, at) => (at === index ? { ...old, ...change } : old))
    );
  return (
    <div
      className="mage-Form-field"
      role="group"
      aria-label={trans.__('What is shown of each group')}
    >
      <span>{trans.__('What is shown of each group')}</span>
      {metrics.map((metric, index) => (
        <div className="mage-Chart-metric" key={index}>
          <select
            className="mage-Field-input"
            aria-label={trans.__('Aggregation %1', index + 1)}
            value={metric.aggregation}
            onChange={event =>
              replace(index, { aggregation: event.target.value })
            }
          >
            {AGGREGATIONS.map(name => (
              <option key={name} value={name}>
                {name.replace('_', ' ')}
              </option>
            ))}
          </select>
          <input
            className="mage-Field-input"
            aria-label={trans.__('Column of aggregation %1', index + 1)}
            list={COLUMNS_ID}
            spellCheck={false}
            value={metric.column}
            onChange={event => replace(index, { column: event.target.value })}
          />
          <button
            type="button"
            className="mage-IconButton"
            title={trans.__('Remove')}
            aria-label={trans.__('Remove aggregation %1', index + 1)}
            onClick={() => onChange(metrics.filter((_, at) => at !== index))}
          >
            <closeIcon.react tag="span" />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="mage-Button mage-mod-small"
        onClick={() =>
          onChange([...metrics, { aggregation: 'sum', column: '' }])
        }
      >
        <addIcon.react tag="span" />
        {trans.__('Add a number')}
      </button>
    </div>
  );
}
