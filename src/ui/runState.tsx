import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** The states of runs and steps: told by shape and word, not colour alone. */
const GLYPHS: Record<string, string> = {
  queued: '◔',
  running: '◐',
  cancelling: '◐',
  completed: '●',
  failed: '✕',
  upstream_failed: '⊘',
  cancelled: '⊖',
  interrupted: '!',
  missed: '⊘',
  skipped: '⊘'
};

export function stateGlyph(state: string | null | undefined): string {
  return GLYPHS[state ?? ''] ?? '○';
}

/** The word for a state of a run or a step. */
export function stateWord(
  state: string | null | undefined,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'cancelling':
      return trans.__('cancelling');
    case 'completed':
      return trans.__('completed');
    case 'failed':
      return trans.__('failed');
    case 'upstream_failed':
      return trans.__('not run: an upstream block failed');
    case 'cancelled':
      return trans.__('cancelled');
    case 'interrupted':
      return trans.__('interrupted');
    case 'missed':
      return trans.__('missed');
    case 'skipped':
      return trans.__('skipped');
    default:
      return trans.__('not run');
  }
}

export interface IRunStateProps {
  state: string | null | undefined;
  trans: TranslationBundle;
  /** Show the glyph alone; the word is still there for screen readers. */
  bare?: boolean;
}

/** A state as glyph and word. */
export function RunState(props: IRunStateProps): JSX.Element {
  const { state, trans, bare } = props;
  const word = stateWord(state, trans);
  return (
    <span
      className="mage-RunState"
      data-state={state ?? 'none'}
      title={bare ? word : undefined}
    >
      <span className="mage-RunState-glyph" aria-hidden="true">
        {stateGlyph(state)}
      </span>
      {bare ? (
        <span className="mage-hidden">{word}</span>
      ) : (
        <span className="mage-RunState-word">{word}</span>
      )}
    </span>
  );
}
