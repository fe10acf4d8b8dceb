/**
 * The steps of a run as bars in time. Pure.
 */
import type { IStep } from '../api/types';

export interface IBar {
  step: IStep;
  /** Shares of the whole width, 0 to 1; null for a step that never started. */
  start: number | null;
  width: number;
  /** From when it could have started until it did. */
  waitStart: number;
  waitWidth: number;
  seconds: number | null;
}

export interface ITimeline {
  bars: IBar[];
  /** Whole length in seconds. */
  seconds: number;
  ticks: { at: number; seconds: number }[];
}

interface IRunTimes {
  created: string | null;
  started: string | null;
  ended: string | null;
  steps: readonly IStep[];
}

const NICE = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 21_600, 43_200, 86_400
];

/** A step between ticks so that there are at most `most` of them. */
export function tickStep(seconds: number, most = 6): number {
  return (
    NICE.find(step => seconds / step <= most) ??
    Math.ceil(seconds / most / 86_400) * 86_400
  );
}

function time(iso: string | null | undefined): number | null {
  const value = iso ? Date.parse(iso) : NaN;
  return isNaN(value) ? null : value / 1000;
}

/** Lay the steps out between the start and the end of the run. */
export function layTimeline(run: IRunTimes, now = new Date()): ITimeline {
  const present = now.getTime() / 1000;
  const starts = run.steps.map(step => time(step.started));
  const known = starts.filter((at): at is number => at !== null);
  const begin = Math.min(
    ...known,
    time(run.started) ?? time(run.created) ?? present
  );
  const ends = run.steps.map((step, index) =>
    starts[index] === null ? null : (time(step.ended) ?? present)
  );
  const finish = Math.max(
    time(run.ended) ?? present,
    ...ends.map(at => at ?? begin)
  );
  const seconds = Math.max(finish - begin, 0.001);
  const endOf = new Map(
    run.steps.map((step, index) => [step.block, ends[index]])
  );
  const bars = run.steps.map((step, index): IBar => {
    const start = starts[index];
    if (start === null) {
      return {
        step,
        start: null,
        width: 0,
        waitStart: 0,
        waitWidth: 0,
        seconds: null
      };
    }
    const ready = Math.max(
      begin,
      ...step.upstream.map(block => endOf.get(block) ?? begin)
    );
    const stop = ends[index] ?? start;
    const wait = Math.min(ready, start);
    return {
      step,
      start: (start - begin) / seconds,
      width: Math.max(0, stop - start) / seconds,
      waitStart: (wait - begin) / seconds,
      waitWidth: (start - wait) / seconds,
      seconds: Math.max(0, stop - start)
    };
  });
  const gap = tickStep(seconds);
  const ticks = [];
  for (let at = 0; at <= seconds; at += gap) {
    ticks.push({ at: at / seconds, seconds: at });
  }
  return { bars, seconds, ticks };
}
