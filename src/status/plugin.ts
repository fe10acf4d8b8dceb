import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IWorkspace } from '../tokens';
import { StatusItem } from './item';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:status',
  description: 'Says in the status bar what runs.',
  autoStart: true,
  requires: [IWorkspace, IStatusBar],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    workspace: IWorkspace,
    statusBar: IStatusBar,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const item = new StatusItem(workspace, app.commands, trans);
    statusBar.registerStatusItem('mage-jlab:status', {
      item,
      align: 'left',
      rank: 20
    });
  }
};

export default plugin;
