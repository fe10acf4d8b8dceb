import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IRunSummary } from '../api/types';
import { CommandIDs } from '../commands';
import { isActive } from '../model/changes';
import { durationText } from '../ui/figures';
import { Elapsed, StateBadge } from '../ui/state';
import { pipelineName } from '../model/pipelineName';
import { formatExact, formatMoment, secondsBetween } from '../ui/time';
import type { IRunsContext } from './context';
import { reasonOf } from './context';
import { against } from './filters';

interface IRunTableProps extends IRunsContext {
  runs: readonly IRunSummary[];
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
}

/** How long a run took, with a small bar against how long it usually takes. */
export function Duration(props: {
  run: Pick<IRunSummary, 'started' | 'ended' | 'state'>;
  usual: number | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { run, usual, trans } = props;
  const seconds = secondsBetween(run.started, run.ended);
  if (seconds === null || (!run.ended && !isActive(run.state))) {
    return null;
  }
  const bar = against(seconds, usual);
  const title =
    bar && usual
      ? bar.long
        ? trans.__(
            '%1: much longer than usual (%2)',
            durationText(seconds),
            durationText(usual)
          )
        : trans.__('%1; usually %2', durationText(seconds), durationText(usual))
      : durationText(seconds);
  return (
    <span className="mage-Duration" title={title}>
      <span className="mage-Duration-text">
        {run.ended || !run.started ? (
          durationText(seconds)
        ) : (
          <Elapsed since={run.started} />
        )}
      </span>
      {bar && (
        <span className="mage-Duration-bar" data-long={bar.long}>
          <span style={{ width: `${bar.filled * 100}%` }} />
          <i style={{ left: `${bar.mark * 100}%` }} />
        </span>
      )}
    </span>
  );
}

/** Says that a run takes or took longer than its trigger allows (Mage's `sla`). */
export function Late(props: {
  run: Pick<IRunSummary, 'late'>;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { run, trans } = props;
  return run.late ? (
    <span
      className="mage-Badge mage-Run-late"
      title={trans.__('Longer than its trigger allows (sla)')}
    >
      {trans.__('late')}
    </span>
  ) : null;
}

function Moment(props: { iso: string | null }): JSX.Element | null {
  return props.iso ? (
    <time dateTime={props.iso} title={formatExact(props.iso)}>
      {formatMoment(props.iso)}
    </time>
  ) : null;
}

function RunRow(
  props: IRunTableProps & {
    run: IRunSummary;
    onChoose: (id: string, on: boolean, range: boolean) => void;
  }
): JSX.Element {
  const { run, commands, trans, chosen, onChoose } = props;
  const open = (): void =>
    void commands.execute(CommandIDs.openRun, { run: run.id });
  return (
    <tr
      data-state={run.state}
      data-run={run.id}
      aria-selected={chosen.has(run.id)}
      onClick={open}
    >
      <td onClick={event => event.stopPropagation()}>
        <input
          type="checkbox"
          aria-label={trans.__(
            'Choose the run of %1, %2',
            run.pipeline,
            formatExact(run.created)
          )}
          checked={chosen.has(run.id)}
          onChange={event =>
            onChoose(
              run.id,
              event.target.checked,
              (event.nativeEvent as MouseEvent).shiftKey
            )
          }
        />
      </td>
      <td>
        <StateBadge state={run.state} trans={trans} word />
      </td>
      <td>
        <button
          className="mage-Link"
          onClick={event => {
            event.stopPropagation();
            open();
          }}
        >
          {pipelineName(props.workspace, run.project, run.pipeline)}
        </button>
      </td>
      <td className="mage-Runs-reason">{reasonOf(run, trans)}</td>
      <td className="mage-Runs-logical">
        <Moment iso={run.fire_time} />
      </td>
      <td>
        <Moment iso={run.started ?? run.created} />
      </td>
      <td>
        <Duration run={run} usual={run.usual} trans={trans} />
        <Late run={run} trans={trans} />
      </td>
      <td className="mage-Runs-error" title={run.error ?? undefined}>
        {run.error ??
          (isActive(run.state) && run.steps_total > 0
            ? trans.__('%1 of %2 blocks done', run.steps_done, run.steps_total)
            : '')}
      </td>
    </tr>
  );
}

/** The table of runs. */
export function RunTable(props: IRunTableProps): JSX.Element {
  const { runs, trans, chosen, onChosen } = props;
  const last = React.useRef<string | null>(null);
  const onChoose = (id: string, on: boolean, range: boolean): void => {
    const next = new Set(chosen);
    const ids = runs.map(run => run.id);
    const from = range && last.current ? ids.indexOf(last.current) : -1;
    const to = ids.indexOf(id);
    const span =
      from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const item of span) {
      if (on) {
        next.add(item);
      } else {
        next.delete(item);
      }
    }
    last.current = id;
    onChosen(next);
  };
  const all = runs.length > 0 && runs.every(run => chosen.has(run.id));
  return (
    <table className="mage-Runs-table">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label={trans.__('Choose all runs that are listed')}
              checked={all}
              onChange={() =>
                onChosen(all ? new Set() : new Set(runs.map(run => run.id)))
              }
            />
          </th>
          <th scope="col">{trans.__('State')}</th>
          <th scope="col">{trans.__('Pipeline')}</th>
          <th scope="col" className="mage-Runs-reason">
            {trans.__('Trigger')}
          </th>
          <th
            scope="col"
            className="mage-Runs-logical"
            title={trans.__('The time the run stands for')}
          >
            {trans.__('Logical date')}
          </th>
          <th scope="col">{trans.__('Started')}</th>
          <th scope="col">{trans.__('Duration')}</th>
          <th scope="col">{trans.__('What happened')}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map(run => (
          <RunRow key={run.id} {...props} run={run} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  );
}
