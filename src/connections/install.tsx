import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { request } from '../api/request';
import type { IRequirements } from '../api/types';

export interface IInstall {
  project: string;
  /** Folder of the project, for the terminal. */
  folder: string;
  kernel: string | null;
  package: string;
  environment: string;
  python: string;
}

const TERMINAL = 'terminal:create-new';
const PAUSE = 2000;
const LONGEST = 15 * 60 * 1000;

/** Install a package by a terminal, where what happens is seen; true when it is there. */
export async function installPackage(
  wanted: IInstall,
  commands: CommandRegistry,
  trans: TranslationBundle
): Promise<boolean> {
  const look = (): Promise<IRequirements> =>
    request<IRequirements>(['projects', wanted.project, 'requirements'], {
      query: { kernel: wanted.kernel || null, package: wanted.package }
    });
  const command =
    (await look()).install_command ??
    `${wanted.python} -m pip install '${wanted.package}'`;
  const canRun = commands.hasCommand(TERMINAL);
  const asked = await showDialog({
    title: trans.__('Install %1?', wanted.package),
    body: (
      <div className="mage-Form">
        <div>
          {trans.__(
            'Into the environment %1, by this command:',
            wanted.environment
          )}
        </div>
        <code>{command}</code>
        {canRun ? null : (
          <div>
            {trans.__('This server has no terminals; run it where you can.')}
          </div>
        )}
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({
        label: canRun
          ? trans.__('Install in a terminal')
          : trans.__('Copy the command')
      })
    ]
  });
  if (!asked.button.accept) {
    return false;
  }
  if (canRun) {
    const widget = (await commands.execute(TERMINAL, {
      cwd: wanted.folder
    })) as { content: { session: { send(message: unknown): void } } };
    widget.content.session.send({ type: 'stdin', content: [`${command}\r`] });
  } else {
    Clipboard.copyToSystem(command);
  }
  return watch(wanted, look, trans);
}

/** Say that it is being installed until it is there. */
async function watch(
  wanted: IInstall,
  look: () => Promise<IRequirements>,
  trans: TranslationBundle
): Promise<boolean> {
  let stopped = false;
  const id = Notification.emit(
    trans.__('Installing %1 …', wanted.package),
    'in-progress',
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Wait no longer'),
          callback: () => {
            stopped = true;
          }
        }
      ]
    }
  );
  const until = Date.now() + LONGEST;
  while (!stopped && Date.now() < until) {
    await new Promise(resolve => setTimeout(resolve, PAUSE));
    // A terminal tells nobody how its command ended: only the package itself does.
    const found = await look().catch(() => null);
    if (found?.items[0]?.state === 'met') {
      Notification.update({
        id,
        message: trans.__('%1 is installed.', wanted.package),
        type: 'success',
        autoClose: 5000,
        actions: []
      });
      return true;
    }
  }
  Notification.update({
    id,
    message: trans.__(
      '%1 is not there yet; the terminal says why.',
      wanted.package
    ),
    type: 'warning',
    autoClose: 8000,
    actions: []
  });
  return false;
}
