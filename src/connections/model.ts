import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';

import { ApiError, request } from '../api/request';
import type { IConnections } from '../api/types';
import { type ITrial, tryConnection } from '../model/trial';
import {
  changesOf,
  type Draft,
  freeName,
  idOf,
  type IEntry,
  type IField,
  secretsOf,
  soundsSecret,
  withEntry
} from './draft';

/** What the page of one project's connections shows. */
export class ConnectionsModel {
  constructor(
    readonly project: string,
    private readonly _trans: TranslationBundle
  ) {}

  file: IConnections | null = null;
  error: string | null = null;
  /** The file was changed elsewhere while something was typed here. */
  conflict = false;
  saving = false;
  profile = 'default';
  draft: Draft = new Map();
  opened: readonly string[] = [];
  readonly trials = new Map<string, ITrial>();

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get dirty(): boolean {
    return this.draft.size > 0;
  }

  /** Read the file; what was typed stays. */
  async load(): Promise<void> {
    await this._ask(async () => {
      this.file = await request<IConnections>([
        'projects',
        this.project,
        'connections'
      ]);
      this.conflict = false;
      const names = this.file.profiles.map(item => item.name);
      if (!names.includes(this.profile)) {
        this.profile = names[0] ?? 'default';
      }
    });
  }

  choose(profile: string): void {
    this.profile = profile;
    this.draft = new Map();
    this.opened = [];
    this.trials.clear();
    this._changed.emit();
  }

  open(connector: string): void {
    this.opened = [...new Set([...this.opened, connector])];
    this._changed.emit();
  }

  edit(field: IField, entry: IEntry): void {
    this.draft = withEntry(this.draft, field, entry);
    this._changed.emit();
  }

  /** Begin with a key that no connector knows. */
  add(key: string): void {
    const entry: IEntry = soundsSecret(key)
      ? { kind: 'secret', text: freeName(key, this.profile) }
      : { kind: 'text', text: '' };
    this.draft = new Map([...this.draft, [idOf([key]), entry]]);
    this._changed.emit();
  }

  discard(): void {
    this.draft = new Map();
    this._changed.emit();
  }

  /** Write what was typed; true when it is in the file. */
  async save(): Promise<boolean> {
    const draft = this.draft;
    return this._ask(async () => {
      for (const { name, value } of secretsOf(draft)) {
        await request(['projects', this.project, 'secrets'], {
          method: 'POST',
          body: { name, value, replace: true }
        });
      }
      const there = this.file?.profiles.some(p => p.name === this.profile);
      await this._write({
        profile: this.profile,
        create: !there,
        changes: changesOf(draft)
      });
      this.draft = new Map();
    });
  }

  /** Make an empty profile and show it. */
  async create(profile: string): Promise<boolean> {
    return this._ask(async () => {
      await this._write({ profile, create: true, changes: [] });
      this.choose(profile);
    });
  }

  async tryOut(connector: string): Promise<void> {
    const stop = new AbortController();
    this.trials.get(connector)?.stop?.abort();
    const trial: ITrial = { stop };
    this.trials.set(connector, trial);
    this._changed.emit();
    try {
      trial.result = await tryConnection(
        { project: this.project, profile: this.profile, connector },
        stop.signal
      );
    } catch (error) {
      trial.error = stop.signal.aborted
        ? this._trans.__('Cancelled.')
        : (error as Error).message;
    }
    trial.stop = undefined;
    this._changed.emit();
  }

  dispose(): void {
    for (const trial of this.trials.values()) {
      trial.stop?.abort();
    }
    Signal.clearData(this);
  }

  private async _write(body: object): Promise<void> {
    this.file = await request<IConnections>(
      ['projects', this.project, 'connections'],
      { method: 'PATCH', body, ifMatch: this.file?.etag ?? '*' }
    );
  }

  private async _ask(task: () => Promise<void>): Promise<boolean> {
    this.saving = true;
    this.error = null;
    this._changed.emit();
    try {
      await task();
      return true;
    } catch (error) {
      this.error = (error as Error).message;
      this.conflict = error instanceof ApiError && error.status === 412;
      return false;
    } finally {
      this.saving = false;
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
}

/** Say what went wrong where the person is. */
export async function orTell(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    Notification.error((error as Error).message, { autoClose: 8000 });
  }
}
