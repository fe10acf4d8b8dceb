import { describe, expect, it } from 'vitest';

import type { ITrigger } from '../api/types';
import {
  bodyOfChange,
  bodyOfNew,
  draftFaults,
  draftOf,
  newDraft,
  zoneOf
} from './draft';

const trigger = {
  id: 't',
  project: 'penguins',
  pipeline: 'etl',
  name: 'daily',
  kind: 'schedule',
  enabled: true,
  schedule: '0 6 * * *',
  zone: 'Europe/Paris',
  variables: { limit: 3 },
  settings: {},
  missed: 'latest',
  overlap: 'skip',
  source: 'ui',
  words: '',
  description: null,
  start: '2026-11-23T05:00:00Z',
  next_fire: null,
  last_run: null,
  last_state: null
} as unknown as ITrigger;

describe('drafts', () => {
  it('change nothing when nothing was changed', () => {
    expect(bodyOfChange(draftOf(trigger), draftOf(trigger))).toEqual({});
  });

  it('send only what was changed', () => {
    const before = draftOf(trigger);
    expect(bodyOfChange(before, { ...before, schedule: '0 7 * * *' })).toEqual({
      schedule: '0 7 * * *'
    });
    expect(bodyOfChange(before, { ...before, saveInCode: true })).toEqual({
      save_in_code: true
    });
    expect(bodyOfChange(before, { ...before, start: '' })).toEqual({
      start: null
    });
  });

  it('mean the start in the zone of the schedule', () => {
    expect(draftOf(trigger).start).toBe('2026-11-23T06:00');
  });

  it('put Mage’s intervals into UTC', () => {
    const draft = {
      ...newDraft('p', 'etl', 'Europe/Paris'),
      schedule: '@daily'
    };
    expect(zoneOf(draft)).toBe('UTC');
    expect(bodyOfNew(draft).zone).toBe('UTC');
  });

  it('say what is missing', () => {
    const draft = newDraft('', '', 'UTC');
    expect([...draftFaults(draft)]).toEqual(['pipeline', 'name']);
    expect(
      draftFaults({
        ...draftOf(trigger),
        schedule: ' ',
        variables: [{ name: 'x', type: 'number', text: '' }]
      })
    ).toEqual(new Set(['schedule', 'variables']));
  });
});
