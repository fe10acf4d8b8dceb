import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IRun, IStep } from '../api/types';
import { isActive } from '../model/changes';
import { durationText } from '../ui/figures';
import { StateBadge, stateWord } from '../ui/state';
import { childCount, fold } from './children';
import type { IBar, ITimeline } from './timeline';
import { layTimeline } from './timeline';

interface ITimelineViewProps {
  run: IRun;
  selected: string | null;
  onSelect: (block: string) => void;
  trans: TranslationBundle;
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

function Bar(props: { bar: IBar; trans: TranslationBundle }): JSX.Element {
  const { bar, trans } = props;
  const last = bar.spans.at(-1);
  if (!last) {
    return (
      <span className="mage-Timeline-none">
        {stateWord(bar.step.state, trans)}
      </span>
    );
  }
  return (
    <>
      {bar.spans.map(span => (
        <React.Fragment key={span.attempt}>
          {span.waitWidth > 0 && (
            <span
              className="mage-Timeline-wait"
              style={{
                left: percent(span.waitStart),
                width: percent(span.waitWidth)
              }}
              title={trans.__('waiting')}
            />
          )}
          <span
            className="mage-Timeline-bar"
            data-state={span.state}
            style={{ left: percent(span.start), width: percent(span.width) }}
            title={trans.__(
              'attempt %1: %2, %3',
              span.attempt,
              stateWord(span.state, trans),
              durationText(span.seconds)
            )}
          />
        </React.Fragment>
      ))}
      <span
        className="mage-Timeline-time"
        style={{ left: percent(last.start + last.width) }}
      >
        {durationText(last.seconds)}
      </span>
    </>
  );
}

/** What is drawn behind the bars: seconds, and times that were cut out. */
function Lines(props: { line: ITimeline }): JSX.Element {
  const { line } = props;
  return (
    <>
      {line.ticks.map(at => (
        <i key={at.seconds} style={{ left: percent(at.at) }} />
      ))}
      {line.cuts.map(cut => (
        <i
          key={cut.at}
          className="mage-Timeline-cut"
          style={{ left: percent(cut.at), width: percent(cut.width) }}
        />
      ))}
    </>
  );
}

/** How many children a block has, if it has any. */
function Children(props: {
  steps: readonly IStep[];
  block: string;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { total, ended, failed } = childCount(props.steps, props.block);
  if (!total) {
    return null;
  }
  const { trans } = props;
  return (
    <span className="mage-Form-hint">
      {failed
        ? trans.__('%1 of %2 children ended, %3 failed', ended, total, failed)
        : trans.__('%1 of %2 children ended', ended, total)}
    </span>
  );
}

/** The steps of a run as bars in time. */
export function TimelineView(props: ITimelineViewProps): JSX.Element {
  const { run, selected, onSelect, trans } = props;
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  const active = isActive(run.state);
  React.useEffect(() => {
    if (!active) {
      return;
    }
    const timer = window.setInterval(tick, 1000);
    return () => window.clearInterval(timer);
  }, [active]);
  const folded = fold(run.steps, selected);
  const line = layTimeline({ ...run, steps: folded.steps });
  if (!run.steps.length) {
    return <p className="mage-Empty">{trans.__('This run has no steps.')}</p>;
  }
  return (
    <div className="mage-Timeline">
      <div className="mage-Timeline-row mage-Timeline-axis" aria-hidden="true">
        <span />
        <span className="mage-Timeline-track">
          {line.ticks.map(at => (
            <span
              key={at.seconds}
              className="mage-Timeline-tick"
              style={{ left: percent(at.at) }}
            >
              {durationText(at.seconds).replace('0.00 s', '0')}
            </span>
          ))}
          {line.cuts.map(cut => (
            <span
              key={cut.at}
              className="mage-Timeline-tick"
              style={{ left: percent(cut.at) }}
              title={trans.__('Nothing ran for %1', durationText(cut.seconds))}
            >
              {`⋯ ${durationText(cut.seconds)}`}
            </span>
          ))}
        </span>
      </div>
      {line.bars.map(bar => (
        <button
          key={bar.step.block}
          className="mage-Timeline-row"
          aria-pressed={selected === bar.step.block}
          aria-label={[
            bar.step.name,
            stateWord(bar.step.state, trans, bar.step.type),
            bar.seconds === null ? '' : durationText(bar.seconds)
          ]
            .filter(Boolean)
            .join(', ')}
          onClick={() => onSelect(bar.step.block)}
        >
          <span
            className="mage-Timeline-name"
            data-child={bar.step.group ? '' : undefined}
          >
            <StateBadge
              state={bar.step.state}
              type={bar.step.type}
              trans={trans}
            />
            <span title={bar.step.name}>{bar.step.name}</span>
            <Children steps={run.steps} block={bar.step.block} trans={trans} />
            {bar.step.attempt > 1 && (
              <span className="mage-Form-hint">
                {trans.__('attempt %1', bar.step.attempt)}
              </span>
            )}
          </span>
          <span className="mage-Timeline-track">
            <Lines line={line} />
            <Bar bar={bar} trans={trans} />
          </span>
        </button>
      ))}
      {folded.hidden > 0 && (
        <p className="mage-Form-hint">
          {trans.__(
            '%1 more children are not shown; choose one in the log.',
            folded.hidden
          )}
        </p>
      )}
    </div>
  );
}
