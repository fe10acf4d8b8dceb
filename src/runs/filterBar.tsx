import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { CommandIDs } from '../commands';
import { stateWord } from '../ui/state';
import type { IRunsContext } from './context';
import type { IRunFilters } from './filters';
import { isFiltered, NO_FILTERS } from './filters';

const STATES = [
  'running',
  'queued',
  'completed',
  'failed',
  'cancelled',
  'interrupted',
  'missed',
  'skipped'
];

interface IFilterBarProps extends IRunsContext {
  filters: IRunFilters;
  onFilters: (filters: IRunFilters) => void;
}

function Choice(props: {
  label: string;
  all: string;
  value: string;
  items: [string, string][];
  onChange: (value: string) => void;
}): JSX.Element {
  const { label, all, value, items, onChange } = props;
  // A value that is no longer there stays choosable, so that it is seen.
  const known = !value || items.some(([id]) => id === value);
  return (
    <select
      className="mage-Field-input"
      aria-label={label}
      value={value}
      onChange={event => onChange(event.target.value)}
    >
      <option value="">{all}</option>
      {!known && <option value={value}>{value}</option>}
      {items.map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** Filters of the list of runs. */
export function FilterBar(props: IFilterBarProps): JSX.Element {
  const { workspace, commands, trans, filters, onFilters } = props;
  const set = (change: Partial<IRunFilters>): void =>
    onFilters({ ...filters, ...change });
  const pipelines = new Map(
    workspace.pipelines
      .filter(item => !filters.project || item.project === filters.project)
      .map(item => [item.id, item.name])
  );
  return (
    <div className="mage-Runs-filters" role="search">
      <input
        className="mage-Field-input mage-Runs-text"
        type="search"
        placeholder={trans.__('Search…')}
        title={trans.__('Search in name, trigger and error')}
        aria-label={trans.__('Search the runs')}
        value={filters.text}
        onChange={event => set({ text: event.target.value })}
      />
      {workspace.projects.length > 1 && (
        <Choice
          label={trans.__('Project')}
          all={trans.__('All projects')}
          value={filters.project}
          items={workspace.projects.map(item => [item.slug, item.name])}
          onChange={project => set({ project, pipeline: '' })}
        />
      )}
      <Choice
        label={trans.__('Pipeline')}
        all={trans.__('All pipelines')}
        value={filters.pipeline}
        items={[...pipelines]}
        onChange={pipeline => set({ pipeline })}
      />
      <Choice
        label={trans.__('State')}
        all={trans.__('All states')}
        value={filters.state}
        items={STATES.map(state => [state, stateWord(state, trans)])}
        onChange={state => set({ state })}
      />
      {(workspace.triggers.length > 0 || filters.trigger) && (
        <Choice
          label={trans.__('Trigger')}
          all={trans.__('All triggers')}
          value={filters.trigger}
          items={workspace.triggers.map(item => [
            item.id,
            `${item.name} (${item.pipeline})`
          ])}
          onChange={trigger => set({ trigger })}
        />
      )}
      {isFiltered(filters) && (
        <button
          className="mage-Button"
          onClick={() => onFilters({ ...NO_FILTERS })}
        >
          {trans.__('Clear')}
        </button>
      )}
      <button
        className="mage-IconButton"
        title={trans.__('Refresh')}
        aria-label={trans.__('Refresh the runs')}
        onClick={() => void commands.execute(CommandIDs.refresh)}
      >
        <refreshIcon.react tag="span" />
      </button>
    </div>
  );
}
