/**
 * The steps of a run as bars in time. Pure.
 */
import type { IStep } from '../api/types';

/** One attempt of a step; shares of the whole width, 0 to 1. */
export interface ISpan {
  attempt: number;
  state: string;
  start: number;
  width: number;
  /** From when it could have started until it did. */
  waitStart: number;
  waitWidth: number;
  seconds: number;
}

export interface IBar {
  step: IStep;
  /** The first one first; none for a step that never started. */
  spans: ISpan[];
  /** Seconds of the newest attempt. */
  seconds: number | null;
}

/** A long time in which nothing ran, drawn short. */
export interface ICut {
  at: number;
  width: number;
  seconds: number;
}

export interface ITimeline {
  bars: IBar[];
  /** Whole length in seconds, without what was cut. */
  seconds: number;
  ticks: { at: number; seconds: number }[];
  cuts: ICut[];
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

/** An attempt in seconds. */
interface IRaw {
  attempt: number;
  state: string;
  wait: number;
  start: number;
  stop: number;
}

/** Lay the steps out between the start and the end of the run. */
export function layTimeline(run: IRunTimes, now = new Date()): ITimeline {
  const present = now.getTime() / 1000;
  const began = time(run.started) ?? time(run.created) ?? present;
  const endOf = new Map(
    run.steps.map(step => [
      step.block,
      time(step.started) === null ? null : (time(step.ended) ?? present)
    ])
  );
  const raw = run.steps.map(step => attemptsOf(step, began, endOf, present));
  const all = raw.flat();
  const begin = Math.min(began, ...all.map(span => span.wait));
  const finish = Math.max(
    time(run.ended) ?? present,
    ...all.map(span => span.stop)
  );
  const scale = new Scale(begin, finish, all);
  const bars = run.steps.map((step, index): IBar => {
    const spans = raw[index].map(span => scale.span(span));
    return { step, spans, seconds: spans.at(-1)?.seconds ?? null };
  });
  const { cuts, seconds } = scale;
  const ticks = [];
  const gap = tickStep(seconds);
  // Where time was cut out, a scale would lie.
  for (let at = 0; at <= seconds && !cuts.length; at += gap) {
    ticks.push({ at: at / seconds, seconds: at });
  }
  return { bars, seconds, ticks, cuts };
}

function attemptsOf(
  step: IStep,
  began: number,
  endOf: ReadonlyMap<string, number | null>,
  present: number
): IRaw[] {
  const inputs = step.upstream.map(block => endOf.get(block) ?? -Infinity);
  const found: IRaw[] = [];
  for (const one of [...(step.earlier ?? []), step]) {
    const start = time(one.started);
    if (start === null) {
      continue;
    }
    const before = found.at(-1)?.stop ?? -Infinity;
    // An attempt of before a retry waited for nothing that is known now.
    const ready = start < began ? start : Math.max(began, before, ...inputs);
    found.push({
      attempt: one.attempt,
      state: one.state,
      wait: Math.min(ready, start),
      start,
      stop: Math.max(start, time(one.ended) ?? present)
    });
  }
  return found;
}

/** Nothing ran for so long, and longer than all that ran: it is drawn short. */
const CUT_SECONDS = 60;
const CUT_SHARE = 0.06;

/** From moments to shares of the width. */
class Scale {
  constructor(
    private readonly _begin: number,
    finish: number,
    spans: readonly IRaw[]
  ) {
    const busy = spans.reduce((sum, span) => sum + span.stop - span.wait, 0);
    let end = _begin;
    for (const span of [...spans].sort((a, b) => a.wait - b.wait)) {
      const gap = span.wait - end;
      if (gap > CUT_SECONDS && gap > busy) {
        this._gaps.push({ from: end, to: span.wait });
      }
      end = Math.max(end, span.stop);
    }
    const lost = this._gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const rest = Math.max(finish - _begin - lost, 0.001);
    this._cut = rest * CUT_SHARE;
    this.seconds = rest + this._gaps.length * this._cut;
    this.cuts = this._gaps.map(({ from, to }) => ({
      at: this._at(from),
      width: this._at(to) - this._at(from),
      seconds: to - from
    }));
  }

  readonly seconds: number;
  readonly cuts: ICut[];

  span(raw: IRaw): ISpan {
    const start = this._at(raw.start);
    const waitStart = this._at(raw.wait);
    return {
      attempt: raw.attempt,
      state: raw.state,
      start,
      width: this._at(raw.stop) - start,
      waitStart,
      waitWidth: start - waitStart,
      seconds: raw.stop - raw.start
    };
  }

  private _at(moment: number): number {
    let place = moment - this._begin;
    for (const { from, to } of this._gaps) {
      if (moment >= to) {
        place += this._cut - (to - from);
      }
    }
    return place / this.seconds;
  }

  private readonly _gaps: { from: number; to: number }[] = [];
  private readonly _cut: number;
}
