import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { IHealth, IRunSummary } from '../api/types';
import { statusText } from './text';

const trans = nullTranslator.load('mage_jlab');
const health = { scheduler: 'running', scheduler_message: null } as IHealth;
const run = (state: string): IRunSummary =>
  ({ state, pipeline: 'etl' }) as IRunSummary;

describe('statusText', () => {
  it('is ready when nothing runs', () => {
    const { text, bad } = statusText({ runs: [], health, error: null }, trans);
    expect(text).toBe('Mage: ready');
    expect(bad).toBe(false);
  });

  it('counts what runs and what waits', () => {
    const runs = ['running', 'cancelling', 'queued', 'failed'].map(run);
    expect(statusText({ runs, health, error: null }, trans).text).toBe(
      'Mage: 2 running, 1 queued'
    );
  });

  it('says when schedules do not fire, and why', () => {
    const stopped = { ...health, scheduler: 'failed', scheduler_message: 'x' };
    const said = statusText({ runs: [], health: stopped, error: null }, trans);
    expect(said).toEqual({
      text: 'Mage: schedules do not fire',
      title: 'x',
      bad: true
    });
  });

  it('calls a scheduler that is just starting no trouble', () => {
    const starting = { ...health, scheduler: 'starting' };
    const said = statusText({ runs: [], health: starting, error: null }, trans);
    expect(said.bad).toBe(false);
  });

  it('says when the server does not answer', () => {
    expect(
      statusText({ runs: [], health: null, error: 'gone' }, trans).title
    ).toBe('gone');
  });
});
