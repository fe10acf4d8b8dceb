import type { IConnections, IConnector } from '../api/types';

export type Kind = 'text' | 'env' | 'secret' | 'hidden' | 'template';
type Profile = IConnections['profiles'][number];
export type ConnectionValue = Profile['values'][number];

/** What a person has typed for one key; what is not here is as in the file. */
export interface IEntry {
  kind: Kind | 'remove';
  text: string;
  /** The value of a secret that is to be kept under the name `text`. */
  value?: string;
}

/** By key (the path, joined). */
export type Draft = ReadonlyMap<string, IEntry>;

export interface IField {
  id: string;
  path: readonly string[];
  label: string;
  kind: string;
  choices: readonly string[];
  secret: boolean;
  /** As in the file; undefined when it is not there. */
  stored?: ConnectionValue;
}

export interface ICard {
  connector: IConnector | null;
  fields: readonly IField[];
}

export interface IChange {
  path: string[];
  kind: 'text' | 'env' | 'secret' | 'remove';
  text: string;
}

const SEPARATOR = '\u0000';

export const idOf = (path: readonly string[]): string => path.join(SEPARATOR);
export const pathOf = (id: string): string[] => id.split(SEPARATOR);

/** The cards of a profile: a connector each, what no connector knows last. */
export function cardsOf(
  profile: Profile | undefined,
  connectors: readonly IConnector[],
  opened: readonly string[],
  draft: Draft
): ICard[] {
  const values = profile?.values ?? [];
  const used = new Set<string>();
  const cards: ICard[] = [];
  for (const connector of connectors) {
    const keys = new Set(connector.settings.map(item => item.key));
    const flat = new Map(
      values
        .filter(item => item.path.length === 1 && keys.has(item.path[0]))
        .map(item => [item.path[0], item])
    );
    const nested = values.filter(item => item.connector === connector.id);
    const drafted = [...draft.keys()].some(id => keys.has(id));
    if (
      !flat.size &&
      !nested.length &&
      !drafted &&
      !opened.includes(connector.id)
    ) {
      continue;
    }
    const fields = connector.settings.map((setting): IField => ({
      id: idOf([setting.key]),
      path: [setting.key],
      label: setting.label,
      kind: setting.kind,
      choices: setting.choices,
      secret: setting.kind === 'secret',
      stored: flat.get(setting.key)
    }));
    cards.push({ connector, fields: [...fields, ...nested.map(bare)] });
    for (const item of [...flat.values(), ...nested]) {
      used.add(idOf(item.path));
    }
  }
  const known = new Set(connectors.flatMap(c => c.settings.map(s => s.key)));
  const others = values.filter(item => !used.has(idOf(item.path))).map(bare);
  for (const [id, entry] of draft) {
    const there = values.some(item => idOf(item.path) === id);
    if (!there && !known.has(id) && entry.kind !== 'remove') {
      others.push({
        id,
        path: pathOf(id),
        label: pathOf(id).join(' › '),
        kind: 'text',
        choices: [],
        secret: soundsSecret(pathOf(id)[pathOf(id).length - 1])
      });
    }
  }
  return others.length
    ? [...cards, { connector: null, fields: others }]
    : cards;
}

function bare(value: ConnectionValue): IField {
  return {
    id: idOf(value.path),
    path: value.path,
    label: value.path.join(' › '),
    kind: 'text',
    choices: [],
    secret: value.secret,
    stored: value
  };
}

/** As the server judges names; it refuses what this lets pass. */
export function soundsSecret(key: string): boolean {
  return (
    /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|PKEY|PWD|CONNECTION_STRING|(API|ACC|ACCESS|APPLICATION|ACCOUNT)_?KEY$|(^|_)(KEY|SAS|AUTH)$/i.test(
      key
    ) && !/(_PATH|_FILEPATH|_FILE|_METHOD|KEY_ID|PKEY_PATH)$/i.test(key)
  );
}

/** What a field shows: what was typed, else what the file says. */
export function shownOf(field: IField, draft: Draft): IEntry {
  const typed = draft.get(field.id);
  if (typed) {
    return typed;
  }
  const stored = field.stored;
  if (!stored) {
    return { kind: field.secret ? 'secret' : 'text', text: '' };
  }
  const empty = stored.kind === 'text' && field.secret;
  return {
    kind: empty ? 'secret' : (stored.kind as Kind),
    text: stored.text ?? ''
  };
}

/** The draft after a field was changed; what is as in the file is no change. */
export function withEntry(draft: Draft, field: IField, entry: IEntry): Draft {
  const next = new Map(draft);
  const before = shownOf(field, new Map());
  const same =
    entry.kind === before.kind && entry.text === before.text && !entry.value;
  const gone = entry.kind === 'remove' && !field.stored;
  if (same || gone) {
    next.delete(field.id);
  } else {
    next.set(field.id, entry);
  }
  return next;
}

/** What is wrong with what was typed, by field: for the first one that is. */
export function faultOf(draft: Draft): 'name' | 'secret-value' | null {
  for (const entry of draft.values()) {
    if (entry.kind === 'secret' || entry.kind === 'env') {
      if (entry.text.trim() === '') {
        if (entry.value) {
          return 'secret-value';
        }
        continue; // nothing is referred to yet: not a change
      }
      if (/['"\\{}]/.test(entry.text)) {
        return 'name';
      }
    }
  }
  return null;
}

/** What is to be written. */
export function changesOf(draft: Draft): IChange[] {
  const changes: IChange[] = [];
  for (const [id, entry] of draft) {
    if (entry.kind === 'hidden' || entry.kind === 'template') {
      continue;
    }
    const reference = entry.kind === 'env' || entry.kind === 'secret';
    const text = reference ? entry.text.trim() : entry.text;
    if (reference && !text) {
      continue;
    }
    changes.push({
      path: pathOf(id),
      kind: entry.kind,
      text: entry.kind === 'remove' ? '' : text
    });
  }
  return changes;
}

/** Secrets that are to be kept before the file refers to them. */
export function secretsOf(draft: Draft): { name: string; value: string }[] {
  return [...draft.values()].flatMap(entry =>
    entry.kind === 'secret' && entry.value
      ? [{ name: entry.text.trim(), value: entry.value }]
      : []
  );
}

/** A name for a secret that nobody uses yet. */
export function freeName(key: string, profile: string): string {
  const base = profile === 'default' ? key : `${profile}_${key}`;
  return base.toLowerCase().replace(/[^a-z0-9_]+/g, '_');
}
