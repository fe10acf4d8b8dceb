import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { request } from '../api/request';
import type { IHealth, ISchedulePreview } from '../api/types';
import { formatAway, formatFull, localZone } from '../ui/time';
import type { IDraft } from './draft';
import { zoneOf } from './draft';
import { missedWords, schedulerTrouble } from './words';

const QUIET_MS = 250;

export interface IPreviewState {
  preview: ISchedulePreview | null;
  /** The zone that the preview is in. */
  zone: string;
  /** Why the schedule means nothing. */
  error: string | null;
}

/** Ask the server what the schedule means, a moment after the last change. */
export function usePreview(draft: IDraft): IPreviewState {
  const [state, setState] = React.useState<IPreviewState>({
    preview: null,
    zone: 'UTC',
    error: null
  });
  const schedule = draft.kind === 'schedule' ? draft.schedule.trim() : '';
  const zone = zoneOf(draft);
  React.useEffect(() => {
    if (!schedule) {
      setState({ preview: null, zone, error: null });
      return;
    }
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      request<ISchedulePreview>(['triggers', 'preview'], {
        method: 'POST',
        body: { schedule, zone, count: 5 },
        signal: abort.signal
      }).then(
        preview => setState({ preview, zone, error: null }),
        error => {
          if (!abort.signal.aborted) {
            setState({ preview: null, zone, error: (error as Error).message });
          }
        }
      );
    }, QUIET_MS);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [schedule, zone]);
  return state;
}

interface ISchedulePreviewProps extends IPreviewState {
  draft: IDraft;
  health: IHealth | null;
  trans: TranslationBundle;
}

/** What a schedule will do, before it is saved. */
export function SchedulePreview(props: ISchedulePreviewProps): JSX.Element {
  const { preview, zone, draft, health, trans } = props;
  const mine = localZone();
  const trouble = schedulerTrouble(health, trans);
  return (
    <section
      className="mage-Preview-schedule"
      aria-live="polite"
      aria-label={trans.__('What it will do')}
    >
      {preview && (
        <>
          <p className="mage-Preview-words">{preview.words}</p>
          {preview.fires.length > 0 ? (
            <table>
              <thead>
                <tr>
                  <th scope="col">{trans.__('Next')}</th>
                  <th scope="col">{zone}</th>
                  {mine !== zone && (
                    <th scope="col">{trans.__('here (%1)', mine)}</th>
                  )}
                  <th scope="col" />
                </tr>
              </thead>
              <tbody>
                {preview.fires.map((fire, index) => (
                  <tr key={fire.utc}>
                    <td>{index + 1}</td>
                    <td>{formatFull(fire.utc, { zone })}</td>
                    {mine !== zone && <td>{formatFull(fire.utc)}</td>}
                    <td className="mage-Form-hint">
                      {index === 0 && formatAway(fire.utc)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <p>{trans.__('It has no next time.')}</p>
          )}
          {(preview.notes ?? []).map(note => (
            <p key={note}>{note}</p>
          ))}
          <p>{missedWords(draft.missed, trans)}</p>
          {draft.enabled ? (
            trouble ? (
              <p className="mage-Field-error">
                {trans.__('It will not run now: %1', trouble)}
              </p>
            ) : (
              <p>
                {trans.__(
                  'It will run while this Jupyter server runs; the browser may be closed.'
                )}
              </p>
            )
          ) : (
            <p>
              {trans.__('It is off: it will not run until it is switched on.')}
            </p>
          )}
        </>
      )}
    </section>
  );
}
