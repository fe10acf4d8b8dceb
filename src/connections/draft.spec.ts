import { describe, expect, it } from 'vitest';

import type { IConnections, IConnector } from '../api/types';
import {
  cardsOf,
  changesOf,
  faultOf,
  secretsOf,
  shownOf,
  withEntry,
  type Draft
} from './draft';

const NONE: Draft = new Map();
const POSTGRES: IConnector = {
  id: 'postgres',
  label: 'PostgreSQL',
  testable: true,
  settings: [
    { key: 'POSTGRES_HOST', label: 'Host', kind: 'text', choices: [] },
    { key: 'POSTGRES_PASSWORD', label: 'Password', kind: 'secret', choices: [] }
  ]
};
const SQLITE: IConnector = {
  id: 'sqlite',
  label: 'SQLite',
  testable: true,
  settings: [
    { key: 'SQLITE_DATABASE', label: 'File', kind: 'text', choices: [] }
  ]
};
const PROFILE: IConnections['profiles'][number] = {
  name: 'default',
  values: [
    {
      path: ['POSTGRES_PASSWORD'],
      kind: 'hidden',
      text: null,
      secret: true,
      connector: null,
      known: null
    },
    {
      path: ['MY_LIMIT'],
      kind: 'text',
      text: '3',
      secret: false,
      connector: null,
      known: null
    }
  ]
};

const cards = (draft: Draft = NONE, opened: string[] = []) =>
  cardsOf(PROFILE, [POSTGRES, SQLITE], opened, draft);

describe('the cards of a profile', () => {
  it('shows connectors with a key in the file, and other keys last', () => {
    expect(cards().map(card => card.connector?.id ?? null)).toEqual([
      'postgres',
      null
    ]);
    expect(cards(NONE, ['sqlite']).length).toBe(3);
  });

  it('says that a password is kept, not what it is', () => {
    const field = cards()[0].fields[1];
    expect(shownOf(field, NONE)).toEqual({ kind: 'hidden', text: '' });
  });
});

describe('what is written', () => {
  it('is what was changed, and nothing when it was changed back', () => {
    const [host, password] = cards()[0].fields;
    let draft = withEntry(NONE, host, { kind: 'text', text: 'db' });
    draft = withEntry(draft, password, { kind: 'secret', text: ' pg ' });
    expect(changesOf(draft)).toEqual([
      { path: ['POSTGRES_HOST'], kind: 'text', text: 'db' },
      { path: ['POSTGRES_PASSWORD'], kind: 'secret', text: 'pg' }
    ]);
    draft = withEntry(draft, host, { kind: 'text', text: '' });
    draft = withEntry(draft, password, { kind: 'hidden', text: '' });
    expect(draft.size).toBe(0);
  });

  it('never is a password: that is kept as a secret first', () => {
    const password = cards()[0].fields[1];
    const draft = withEntry(NONE, password, {
      kind: 'secret',
      text: 'pg',
      value: 'canary'
    });
    expect(JSON.stringify(changesOf(draft))).not.toContain('canary');
    expect(secretsOf(draft)).toEqual([{ name: 'pg', value: 'canary' }]);
  });

  it('waits for a name', () => {
    const password = cards()[0].fields[1];
    const named = (text: string, value?: string) =>
      withEntry(NONE, password, { kind: 'secret', text, value });
    expect(changesOf(named(''))).toEqual([]);
    expect(faultOf(named(''))).toBeNull();
    expect(faultOf(named('', 'x'))).toBe('secret-value');
    expect(faultOf(named("a'b"))).toBe('name');
  });

  it('removes a key that is there, and forgets one that is not', () => {
    const limit = cards()[1].fields[0];
    const draft = withEntry(NONE, limit, { kind: 'remove', text: '' });
    expect(changesOf(draft)).toEqual([
      { path: ['MY_LIMIT'], kind: 'remove', text: '' }
    ]);
    const host = cards()[0].fields[0];
    expect(withEntry(NONE, host, { kind: 'remove', text: '' }).size).toBe(0);
  });
});
