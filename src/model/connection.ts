import type { Event } from '@jupyterlab/services';
import type { Poll } from '@lumino/polling';

const LOOK_MS = 500;

/**
 * Call `gone` when the event stream is lost, `back` when it is there again.
 *
 * Events are not replayed, so what happened in between must be fetched.
 * JupyterLab's event manager reconnects by itself but tells nobody; its poll
 * is looked at where it exists. A page that was hidden is treated the same,
 * since the manager does not reconnect while the page is hidden.
 */
export function watchConnection(
  events: Event.IManager,
  gone: () => void,
  back: () => void
): void {
  const inner = events as unknown as {
    _poll?: Poll;
    _socket?: WebSocket | null;
  };
  let lost = false;
  const look = (): void => {
    if (inner._socket?.readyState === WebSocket.OPEN) {
      lost = false;
      back();
    } else if (!events.isDisposed) {
      setTimeout(look, LOOK_MS);
    }
  };
  inner._poll?.ticked?.connect((_, state) => {
    if (state.phase === 'rejected' && !lost) {
      lost = true;
      gone();
      setTimeout(look, LOOK_MS);
    }
  });
  window.addEventListener('online', () => back());
}
