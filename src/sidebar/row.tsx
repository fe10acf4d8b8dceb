import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IPipelineSummary, IRunSummary, ITrigger } from '../api/types';
import { mageIcon, triggerIcon } from '../icons';
import { isActive } from '../model/changes';
import { durationText } from '../ui/figures';
import { Elapsed, StateBadge, stateWord } from '../ui/state';
import { formatExact, formatMoment, secondsBetween } from '../ui/time';
import type { Row } from './rows';

/** `failed 02:10`, `next 06:00`: what a person wants to know of a pipeline first. */
export function pipelineHint(
  pipeline: IPipelineSummary,
  trans: TranslationBundle
): string {
  const bad = pipeline.state === 'failed' || pipeline.state === 'interrupted';
  if (bad && pipeline.last_run_at) {
    return trans.__(
      '%1 %2',
      stateWord(pipeline.state ?? '', trans),
      formatMoment(pipeline.last_run_at)
    );
  }
  if (pipeline.next_fire) {
    return trans.__('next %1', formatMoment(pipeline.next_fire));
  }
  if (pipeline.last_run_at) {
    return formatMoment(pipeline.last_run_at);
  }
  return '';
}

/** When a trigger fires next, or why it does not. */
export function triggerHint(
  trigger: ITrigger,
  trans: TranslationBundle
): string {
  if (!trigger.enabled) {
    return trans.__('off');
  }
  return trigger.next_fire
    ? formatMoment(trigger.next_fire)
    : trans.__('no next time');
}

function runHint(run: IRunSummary): string {
  return formatMoment(run.ended ?? run.started ?? run.created);
}

function pipelineState(
  pipeline: IPipelineSummary,
  active: IRunSummary | null
): string {
  if (active) {
    return active.state;
  }
  return pipeline.problem?.severity === 'error'
    ? 'failed'
    : (pipeline.state ?? 'idle');
}

/** The spoken name of a row. */
export function rowName(row: Row, trans: TranslationBundle): string {
  switch (row.kind) {
    case 'project':
      return trans.__('%1, project', row.label);
    case 'pipeline':
      return [
        trans.__('%1, pipeline', row.label),
        stateWord(pipelineState(row.pipeline, row.active), trans),
        pipelineHint(row.pipeline, trans)
      ]
        .filter(Boolean)
        .join(', ');
    case 'section':
      return trans.__('%1 (%2)', row.label, row.count);
    case 'trigger':
      return [row.label, row.trigger.pipeline, triggerHint(row.trigger, trans)]
        .filter(Boolean)
        .join(', ');
    case 'run':
      return [row.label, stateWord(row.run.state, trans), runHint(row.run)]
        .filter(Boolean)
        .join(', ');
    default:
      return row.label;
  }
}

function RunTail(props: { run: IRunSummary }): JSX.Element {
  const { run } = props;
  if (isActive(run.state)) {
    return (
      <span className="mage-Tree-hint">
        {run.steps_total > 0 && `${run.steps_done}/${run.steps_total} · `}
        {run.started && <Elapsed since={run.started} />}
      </span>
    );
  }
  const seconds = secondsBetween(run.started, run.ended);
  return (
    <span
      className="mage-Tree-hint"
      title={seconds === null ? undefined : durationText(seconds)}
    >
      {runHint(run)}
    </span>
  );
}

/** What is drawn in a row. */
export function RowContent(props: {
  row: Row;
  trans: TranslationBundle;
}): JSX.Element {
  const { row, trans } = props;
  switch (row.kind) {
    case 'project':
    case 'section': {
      const Caret = row.expanded ? caretDownIcon : caretRightIcon;
      return (
        <>
          <Caret.react tag="span" className="mage-Tree-caret" />
          {row.kind === 'project' && (
            <mageIcon.react tag="span" className="mage-Tree-icon" />
          )}
          <span
            className="mage-Tree-label"
            title={row.kind === 'project' ? row.project.path : undefined}
          >
            {row.label}
            {row.kind === 'section' && ` (${row.count})`}
          </span>
        </>
      );
    }
    case 'pipeline': {
      const hint = pipelineHint(row.pipeline, trans);
      const bad = row.pipeline.state === 'failed';
      return (
        <>
          <StateBadge
            state={pipelineState(row.pipeline, row.active)}
            trans={trans}
          />
          <span
            className="mage-Tree-label"
            title={row.pipeline.description || row.pipeline.id}
          >
            {row.label}
          </span>
          {row.active ? (
            <RunTail run={row.active} />
          ) : (
            hint && (
              <span
                className="mage-Tree-hint"
                data-bad={bad}
                title={formatExact(
                  row.pipeline.next_fire ?? row.pipeline.last_run_at
                )}
              >
                {hint}
              </span>
            )
          )}
        </>
      );
    }
    case 'trigger':
      return (
        <>
          <triggerIcon.react
            tag="span"
            className={`mage-Tree-icon${row.trigger.enabled ? '' : ' mage-mod-off'}`}
          />
          <span
            className="mage-Tree-label"
            title={`${row.trigger.pipeline}: ${row.trigger.words}`}
          >
            {row.label}
          </span>
          <span className="mage-Tree-hint">
            {triggerHint(row.trigger, trans)}
          </span>
        </>
      );
    case 'run':
      return (
        <>
          <StateBadge state={row.run.state} trans={trans} />
          <span
            className="mage-Tree-label"
            title={row.run.error ?? row.run.trigger_name ?? undefined}
          >
            {row.label}
          </span>
          <RunTail run={row.run} />
        </>
      );
    case 'problem':
      return (
        <span
          className="mage-Tree-problem"
          title={row.problem.file ? trans.__('Open the file') : undefined}
        >
          {row.problem.message}
        </span>
      );
    default:
      return <span className="mage-Tree-link">{row.label}</span>;
  }
}
