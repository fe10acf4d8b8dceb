import type { TranslationBundle } from '@jupyterlab/translation';

import type { IHealth, ITrigger } from '../api/types';
import { formatAway, formatFull, localZone } from '../ui/time';

/** Whether the next run will happen, in words; the question people ask first. */
export interface IOutlook {
  will: boolean;
  words: string;
}

/** What happens with fire times that pass while the server is off. */
export function missedWords(missed: string, trans: TranslationBundle): string {
  switch (missed) {
    case 'none':
      return trans.__(
        'If the server is off at a fire time, that run does not happen.'
      );
    case 'all':
      return trans.__(
        'If the server is off, the missed runs start one after the other when it is back.'
      );
    default:
      return trans.__(
        'If the server is off, the last missed run starts when it is back.'
      );
  }
}

/** What happens when a run is still active at the next fire time. */
export function overlapWords(
  overlap: string,
  trans: TranslationBundle
): string {
  switch (overlap) {
    case 'queue':
      return trans.__('the new run waits until the old one has ended');
    case 'allow':
      return trans.__('both run at the same time');
    case 'replace':
      return trans.__('the old run is cancelled, the new one starts');
    default:
      return trans.__('the new run is skipped');
  }
}

/** Why the scheduler does nothing now; null when it works. */
export function schedulerTrouble(
  health: IHealth | null,
  trans: TranslationBundle
): string | null {
  if (!health || ['running', 'starting'].includes(health.scheduler)) {
    return null;
  }
  if (health.scheduler_message) {
    return health.scheduler_message;
  }
  return health.scheduler === 'standby'
    ? trans.__('another server has the schedules of this database')
    : trans.__('the scheduler of this server has stopped');
}

/** Whether and when a trigger fires next. */
export function outlookOf(
  trigger: Pick<ITrigger, 'enabled' | 'kind' | 'next_fire' | 'zone' | 'source'>,
  health: IHealth | null,
  trans: TranslationBundle,
  now = new Date()
): IOutlook {
  if (!trigger.enabled) {
    return {
      will: false,
      words:
        trigger.source === 'file'
          ? trans.__(
              'Will not run: it is off on this machine. Switch it on to let it fire here.'
            )
          : trans.__('Will not run: it is off.')
    };
  }
  if (trigger.kind !== 'schedule') {
    return { will: true, words: trans.__('Runs when it is called.') };
  }
  if (!trigger.next_fire) {
    return {
      will: false,
      words: trans.__('Will not run: its schedule has no further time.')
    };
  }
  const trouble = schedulerTrouble(health, trans);
  if (trouble) {
    return { will: false, words: trans.__('Will not run: %1', trouble) };
  }
  const wall = formatFull(trigger.next_fire, { zone: trigger.zone });
  const mine = formatFull(trigger.next_fire);
  const away = formatAway(trigger.next_fire, { now });
  const when =
    wall === mine
      ? trans.__('%1 (%2)', wall, away)
      : trans.__(
          '%1 %2, which is %3 here (%4)',
          wall,
          trigger.zone,
          mine,
          away
        );
  return {
    will: true,
    words: trans.__(
      'Next: %1. It will run while this Jupyter server runs; the browser may be closed.',
      when
    )
  };
}

/** All zones, the likely ones first. */
export function zones(): string[] {
  const known =
    typeof Intl.supportedValuesOf === 'function'
      ? Intl.supportedValuesOf('timeZone')
      : [];
  return [...new Set([localZone(), 'UTC', ...known])];
}
