import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { BlockState } from '../tokens';
import { elapsedText } from './figures';

/** States of blocks, runs and steps: one glyph and one word each. */
export type AnyState =
  BlockState | 'cancelled' | 'cancelling' | 'missed' | 'upstream_failed';

const GLYPHS: Record<AnyState, string> = {
  idle: '○',
  queued: '◔',
  running: '◐',
  completed: '●',
  failed: '✕',
  skipped: '⊘',
  stale: '◌',
  cancelled: '⊘',
  cancelling: '◐',
  interrupted: '✕',
  missed: '⊘',
  upstream_failed: '⊘'
};

/** The glyph of a state; states this version does not know get a ring. */
export function stateGlyph(state: string): string {
  return GLYPHS[state as AnyState] ?? '○';
}

/** Whether a block or a step has ended badly by itself. */
export function endedBadly(state: string | undefined): boolean {
  return state === 'failed' || state === 'interrupted';
}

/** Types whose steps do not work but wait, and hold nothing meanwhile. */
const WAITING: ReadonlySet<string> = new Set(['sensor', 'global_data_product']);

/** The word of a state; of a step of a run, `type` is that of its block. */
export function stateWord(
  state: string,
  trans: TranslationBundle,
  type?: string
): string {
  if (state === 'running' && type !== undefined && WAITING.has(type)) {
    return trans.__('waiting');
  }
  switch (state) {
    case 'idle':
      return trans.__('not run');
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'completed':
      return trans.__('done');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('skipped');
    case 'stale':
      return trans.__('stale');
    case 'cancelled':
      return trans.__('cancelled');
    case 'cancelling':
      return trans.__('cancelling');
    case 'interrupted':
      return trans.__('interrupted');
    case 'missed':
      return trans.__('missed');
    case 'upstream_failed':
      return trans.__('upstream failed');
    default:
      return state;
  }
}

export interface IStateBadgeProps {
  state: string;
  trans: TranslationBundle;
  /** Of a step of a run, the type of its block. */
  type?: string;
  /** Show the word beside the glyph; else it is a tooltip and read aloud. */
  word?: boolean;
  /** ISO time at which it started: shows the elapsed time while running. */
  started?: string | null;
  /** What the tooltip says instead of the word. */
  title?: string;
}

/** The state as a glyph and a word: never told by colour alone. */
export function StateBadge(props: IStateBadgeProps): React.JSX.Element {
  const { state, trans } = props;
  const word = stateWord(state, trans, props.type);
  const running = state === 'running' && !!props.started;
  return (
    <span
      className="mage-State"
      data-state={state}
      title={props.title ?? word}
      role="img"
      aria-label={props.title ?? word}
    >
      <span className="mage-State-glyph" aria-hidden="true">
        {stateGlyph(state)}
      </span>
      {props.word ? <span className="mage-State-word">{word}</span> : null}
      {running ? <Elapsed since={props.started as string} /> : null}
    </span>
  );
}

/** Time since an instant, ticking once a second. */
export function Elapsed(props: { since: string }): React.JSX.Element {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  const start = Date.parse(props.since);
  if (!Number.isFinite(start)) {
    return <></>;
  }
  return (
    <span className="mage-Elapsed">
      {elapsedText(Math.max(0, (now - start) / 1000))}
    </span>
  );
}
