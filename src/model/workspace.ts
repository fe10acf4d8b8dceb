import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../api/request';
import type {
  IHealth,
  IPage,
  IPipelineSummary,
  IProject,
  IRun,
  IRunSummary,
  ITrigger
} from '../api/types';
import type { IWorkspace } from '../tokens';
import type { IChange, IStale } from './changes';
import {
  isGap,
  markStale,
  mergeRuns,
  nothingStale,
  summarise
} from './changes';

type Query = Record<string, string | number>;

/** Fetches one REST resource. */
export type Fetch = <T>(path: readonly string[], query?: Query) => Promise<T>;

/** Events of one moment are answered by one fetch. */
const QUIET_MS = 120;
const RECENT = 50;
const MAX_PAGES = 40;

/**
 * What the browser knows of the server: fetched once, then kept true by the
 * server's events. An event makes parts stale; stale parts are fetched again,
 * together, after a moment of quiet. A missed event makes everything stale.
 */
export class Workspace implements IWorkspace {
  constructor(fetch: Fetch, quiet = QUIET_MS) {
    this._fetch = fetch;
    this._quiet = quiet;
    this.ready = this.refresh();
  }

  readonly ready: Promise<void>;

  get projects(): readonly IProject[] {
    return this._projects;
  }

  get pipelines(): readonly IPipelineSummary[] {
    return this._pipelines;
  }

  get triggers(): readonly ITrigger[] {
    return this._triggers;
  }

  get runs(): readonly IRunSummary[] {
    return this._runs;
  }

  get health(): IHealth | null {
    return this._health;
  }

  get error(): string | null {
    return this._error;
  }

  get changed(): ISignal<IWorkspace, void> {
    return this._changed;
  }

  get runChanged(): ISignal<IWorkspace, string> {
    return this._runChanged;
  }

  get stepChanged(): ISignal<IWorkspace, { run: string; block: string }> {
    return this._stepChanged;
  }

  /** Fetch everything again. */
  async refresh(): Promise<void> {
    this._stale.all = true;
    await this._flush();
  }

  /** The server cannot be heard: what is known may be out of date. */
  lose(reason: string): void {
    this._error = reason;
    this._stale.all = true;
    this._changed.emit();
  }

  /** Hear one event of the server. */
  handle(change: IChange): void {
    if (isGap(this._seq, change.seq)) {
      this._stale.all = true;
    }
    this._seq = change.seq;
    markStale(this._stale, change);
    if (change.kind === 'step' && change.run && change.block) {
      this._stepChanged.emit({ run: change.run, block: change.block });
    }
    this._schedule();
  }

  noteStored(): void {
    this._stale.health = true;
    this._schedule();
  }

  private _schedule(): void {
    if (this._timer === null) {
      this._timer = setTimeout(() => {
        this._timer = null;
        void this._flush();
      }, this._quiet);
    }
  }

  /** Fetch what is stale; one at a time, so that answers never overtake. */
  private _flush(): Promise<void> {
    this._working = this._working.then(async () => {
      const stale = this._stale;
      this._stale = nothingStale();
      try {
        await (stale.all ? this._fetchAll() : this._fetchSome(stale));
        this._error = null;
      } catch (error) {
        this._error = error instanceof Error ? error.message : String(error);
        // What was to be fetched is lost: the next event fetches everything.
        this._stale.all = true;
      }
      this._changed.emit();
      for (const id of stale.runs) {
        this._runChanged.emit(id);
      }
    });
    return this._working;
  }

  private async _fetchAll(): Promise<void> {
    const before = new Map(this._runs.map(run => [run.id, run.state]));
    const [health, projects, triggers, recent, running, queued] =
      await Promise.all([
        this._fetch<IHealth>(['health']),
        this._pages<IProject>(['projects']),
        this._pages<ITrigger>(['triggers']),
        this._fetch<IPage<IRunSummary>>(['runs'], { limit: RECENT }),
        this._fetch<IPage<IRunSummary>>(['runs'], { state: 'running' }),
        this._fetch<IPage<IRunSummary>>(['runs'], { state: 'queued' })
      ]);
    const pipelines = await Promise.all(
      projects.map(project => this._pipelinesOf(project.slug))
    );
    this._health = health;
    this._projects = projects;
    this._triggers = triggers;
    this._pipelines = pipelines.flat();
    this._runs = mergeRuns(
      [],
      [...queued.items, ...running.items, ...recent.items]
    );
    this._changed.emit();
    for (const run of this._runs) {
      if (before.size && before.get(run.id) !== run.state) {
        this._runChanged.emit(run.id);
      }
    }
  }

  private async _fetchSome(stale: IStale): Promise<void> {
    const tasks: Promise<void>[] = [];
    if (stale.projects) {
      tasks.push(
        this._pages<IProject>(['projects']).then(items => {
          this._projects = items;
        })
      );
    }
    if (stale.triggers) {
      tasks.push(
        this._pages<ITrigger>(['triggers']).then(items => {
          this._triggers = items;
        })
      );
    }
    if (stale.health) {
      tasks.push(
        this._fetch<IHealth>(['health']).then(health => {
          this._health = health;
        })
      );
    }
    for (const project of stale.pipelines) {
      tasks.push(
        this._pipelinesOf(project).then(items => {
          this._pipelines = [
            ...this._pipelines.filter(item => item.project !== project),
            ...items
          ];
        })
      );
    }
    for (const id of stale.runs) {
      tasks.push(this._fetchRun(id));
    }
    await Promise.all(tasks);
  }

  private async _fetchRun(id: string): Promise<void> {
    try {
      const run = await this._fetch<IRun>(['runs', id]);
      const before = this._runs.find(item => item.id === id);
      this._runs = mergeRuns(this._runs, [summarise(run, before)]);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
      this._runs = this._runs.filter(item => item.id !== id);
    }
  }

  private async _pipelinesOf(project: string): Promise<IPipelineSummary[]> {
    try {
      return await this._pages<IPipelineSummary>([
        'projects',
        project,
        'pipelines'
      ]);
    } catch (error) {
      // Deleted since its event: it has no pipelines any more.
      if (error instanceof ApiError && error.status === 404) {
        return [];
      }
      throw error;
    }
  }

  private async _pages<T>(path: readonly string[]): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const query: Query = cursor ? { cursor } : {};
      const answer: IPage<T> = await this._fetch<IPage<T>>(path, query);
      items.push(...answer.items);
      cursor = answer.next ?? null;
      if (!cursor) {
        break;
      }
    }
    return items;
  }

  private readonly _fetch: Fetch;
  private readonly _quiet: number;
  private _projects: IProject[] = [];
  private _pipelines: IPipelineSummary[] = [];
  private _triggers: ITrigger[] = [];
  private _runs: IRunSummary[] = [];
  private _health: IHealth | null = null;
  private _error: string | null = null;
  private _seq: number | null = null;
  private _stale = nothingStale();
  private _timer: ReturnType<typeof setTimeout> | null = null;
  private _working: Promise<void> = Promise.resolve();
  private readonly _changed = new Signal<IWorkspace, void>(this);
  private readonly _runChanged = new Signal<IWorkspace, string>(this);
  private readonly _stepChanged = new Signal<
    IWorkspace,
    { run: string; block: string }
  >(this);
}
