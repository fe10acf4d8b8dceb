import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { request } from '../api/request';
import { IWorkspace } from '../tokens';
import type { IChange } from './changes';
import { CHANGE_SCHEMA } from './changes';
import { watchConnection } from './connection';
import { Workspace } from './workspace';

const plugin: JupyterFrontEndPlugin<IWorkspace> = {
  id: 'mage-jlab:workspace',
  description: 'Knows the projects, pipelines, triggers and runs.',
  autoStart: true,
  provides: IWorkspace,
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null
  ): IWorkspace => {
    const { events, serverSettings } = app.serviceManager;
    const workspace = new Workspace((path, query) =>
      request(path, { query }, serverSettings)
    );
    events.stream.connect((_, event) => {
      if (event.schema_id === CHANGE_SCHEMA) {
        workspace.handle(event as unknown as IChange);
      }
    });
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    watchConnection(
      events,
      () => workspace.lose(trans.__('The connection to the server is lost.')),
      () => void workspace.refresh()
    );
    return workspace;
  }
};

export default plugin;
