import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Ask before something typed is thrown away; `what` says what is not saved. */
export async function mayDiscard(
  what: string,
  trans: TranslationBundle
): Promise<boolean> {
  const result = await showDialog({
    title: trans.__('Discard what you typed?'),
    body: what,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep editing') }),
      Dialog.warnButton({ label: trans.__('Discard') })
    ],
    defaultButton: 0
  });
  return result.button.accept;
}
