import type { PartialJSONObject } from '@lumino/coreutils';
import React from 'react';

import type { ILogRecord, IStep } from '../api/types';
import { endedBadly, StateBadge } from '../ui/state';
import { formatExact } from '../ui/time';
import { markPieces, parseAnsi } from './ansi';
import { loggedSteps, openGroup } from './children';
import type { IRunsContext } from './context';
import type { Level } from './logLines';
import { isShown, textOf } from './logLines';
import { LogModel } from './logModel';
import { isRich, RichOutput } from './richOutput';
import type { RunModel } from './runModel';

/** Beyond this many records the page would be slow; the newest are shown. */
const MOST = 1500;
/** A running step prints without telling; its log is read on while it is looked at. */
const FOLLOW_MS = 1000;

export interface ILogViewProps extends IRunsContext {
  model: RunModel;
  steps: readonly IStep[];
  /** Block whose log is shown; null for all. */
  selected: string | null;
  onSelect: (block: string | null) => void;
}

interface IShown {
  level: Level;
  search: string;
}

/** Text with terminal colours; what is searched for is marked. */
function Coloured(props: { text: string; search: string }): JSX.Element {
  const pieces = React.useMemo(
    () => markPieces(parseAnsi(props.text), props.search),
    [props.text, props.search]
  );
  return (
    <>
      {pieces.map((piece, index) =>
        piece.hit ? (
          <mark key={index}>{piece.text}</mark>
        ) : (
          <span key={index} className={piece.className} style={piece.style}>
            {piece.text}
          </span>
        )
      )}
    </>
  );
}

function Record(
  props: IRunsContext & { record: ILogRecord; search: string }
): JSX.Element {
  const { record, search, rendermime } = props;
  const output = record.output as {
    data?: PartialJSONObject;
    metadata?: PartialJSONObject;
  } | null;
  if (record.kind === 'display' && output?.data && isRich(output.data)) {
    return (
      <div className="mage-Log-record" data-level={record.level}>
        <RichOutput
          data={output.data}
          metadata={output.metadata}
          rendermime={rendermime}
        />
      </div>
    );
  }
  return (
    <div
      className="mage-Log-record jp-RenderedText"
      data-level={record.level}
      data-kind={record.kind}
      title={formatExact(record.time) || undefined}
    >
      <pre>
        <Coloured text={textOf(record)} search={search} />
      </pre>
    </div>
  );
}

/** Read a step's log and keep reading while the step runs. */
function useLog(model: RunModel, step: IStep): LogModel {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  const log = React.useMemo(
    () => new LogModel(model.id, step.slug, redraw),
    // A new attempt writes a new log.
    [model.id, step.slug, step.attempt]
  );
  React.useEffect(() => {
    void log.read();
    const onStep = (_: RunModel, block: string): void => {
      if (block === step.block) {
        void log.read();
      }
    };
    model.stepChanged.connect(onStep);
    return () => {
      model.stepChanged.disconnect(onStep);
    };
  }, [log, model, step.block]);
  React.useEffect(() => () => log.close(), [log]);
  React.useEffect(() => {
    if (step.state !== 'running') {
      void log.read();
      return;
    }
    const timer = window.setInterval(() => void log.read(), FOLLOW_MS);
    return () => window.clearInterval(timer);
  }, [log, step.state]);
  return log;
}

function StepLog(
  props: ILogViewProps & { step: IStep; shown: IShown }
): JSX.Element | null {
  const { step, shown, trans, model } = props;
  const log = useLog(model, step);
  const found = React.useMemo(
    () =>
      log.records.filter(
        record =>
          isShown(record, shown.level, shown.search) &&
          // It is said above already.
          !(record.kind === 'system' && record.text === step.error)
      ),
    [log.records, shown.level, shown.search, step.error]
  );
  const hidden = Math.max(0, found.length - MOST);
  const never = step.started === null;
  return (
    <section className="mage-Log-step" aria-label={step.name}>
      <h4 className="mage-Log-head">
        <StateBadge state={step.state} type={step.type} trans={trans} word />
        <span>{step.name}</span>
        {step.attempt > 1 && (
          <span className="mage-Form-hint">
            {trans.__('attempt %1', step.attempt)}
          </span>
        )}
      </h4>
      {step.error && (
        <p
          className={endedBadly(step.state) ? 'mage-Message' : 'mage-Form-hint'}
        >
          {step.error}
        </p>
      )}
      {log.error && (
        <p className="mage-Message" role="alert">
          {log.error}
        </p>
      )}
      {log.truncated > 0 && (
        <p className="mage-Form-hint">
          {trans._n(
            '%1 record was left out: the log was too long.',
            '%1 records were left out: the log was too long.',
            log.truncated
          )}
        </p>
      )}
      {hidden > 0 && (
        <p className="mage-Form-hint">
          {trans.__('%1 earlier records are not shown.', hidden)}
        </p>
      )}
      {found.slice(hidden).map((record, index) => (
        <Record
          {...props}
          key={hidden + index}
          record={record}
          search={shown.search}
        />
      ))}
      {log.loaded && !log.error && !found.length && !(never && step.error) && (
        <p className="mage-Form-hint">
          {step.state === 'queued'
            ? trans.__('It waits for its turn.')
            : never
              ? trans.__('It did not start.')
              : log.records.length
                ? trans.__('Nothing fits the search.')
                : step.state === 'running'
                  ? trans.__('Nothing was printed yet.')
                  : trans.__('It printed nothing.')}
        </p>
      )}
    </section>
  );
}

/** Failed steps come first: the error is what is looked for. */
function ordered(steps: readonly IStep[]): IStep[] {
  const failed = steps.filter(step => step.state === 'failed');
  return [...failed, ...steps.filter(step => step.state !== 'failed')];
}

/** The log of a run: live, searchable, per step. */
export function LogView(props: ILogViewProps): JSX.Element {
  const { steps, selected, onSelect, trans } = props;
  const [level, setLevel] = React.useState<Level>('all');
  const [search, setSearch] = React.useState('');
  const shown = loggedSteps(steps, selected);
  const open = openGroup(steps, selected);
  const choices = steps.filter(step => !step.group || step.group === open);
  return (
    <div className="mage-Log">
      <div className="mage-Log-bar">
        <select
          className="mage-Field-input"
          aria-label={trans.__('Block')}
          value={selected ?? ''}
          onChange={event => onSelect(event.target.value || null)}
        >
          <option value="">{trans.__('All blocks')}</option>
          {choices.map(step => (
            <option key={step.block} value={step.block}>
              {step.name}
            </option>
          ))}
        </select>
        <select
          className="mage-Field-input"
          aria-label={trans.__('Level')}
          value={level}
          onChange={event => setLevel(event.target.value as Level)}
        >
          <option value="all">{trans.__('Everything')}</option>
          <option value="warnings">{trans.__('Warnings and errors')}</option>
          <option value="errors">{trans.__('Errors')}</option>
        </select>
        <input
          className="mage-Field-input"
          type="search"
          placeholder={trans.__('Search the log…')}
          aria-label={trans.__('Search the log')}
          value={search}
          onChange={event => setSearch(event.target.value)}
        />
      </div>
      <div className="mage-Log-body">
        {shown.hidden > 0 && (
          <p className="mage-Form-hint">
            {trans.__(
              'The logs of %1 more children are not shown; choose one above.',
              shown.hidden
            )}
          </p>
        )}
        {ordered(shown.steps).map(step => (
          <StepLog
            {...props}
            key={step.block}
            step={step}
            shown={{ level, search }}
          />
        ))}
      </div>
    </div>
  );
}
