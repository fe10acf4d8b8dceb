import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { IPipelineDocuments, IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { addPipelineCommands } from './pipelineCommands';
import { addProjectCommands } from './projectCommands';
import type { ISidebarState } from './widget';
import { SidebarWidget } from './widget';

const STATE_KEY = 'mage-jlab:sidebar';
const SETTINGS = 'mage-jlab:plugin';

async function keepState(
  widget: SidebarWidget,
  state: IStateDB
): Promise<void> {
  const saved = (await state.fetch(STATE_KEY)) as
    Partial<ISidebarState> | undefined;
  if (Array.isArray(saved?.folded)) {
    widget.state = { folded: saved.folded.map(String) };
  }
  widget.onState = ({ folded }) => void state.save(STATE_KEY, { folded });
}

async function followSettings(
  widget: SidebarWidget,
  registry: ISettingRegistry
): Promise<void> {
  const settings = await registry.load(SETTINGS);
  const apply = (): void => {
    widget.recent = Number(settings.get('recentRuns').composite ?? 10);
  };
  settings.changed.connect(apply);
  apply();
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:sidebar',
  description: 'The sidebar of projects, pipelines, triggers and runs.',
  autoStart: true,
  requires: [IWorkspace],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    ISettingRegistry,
    IStateDB,
    IDocumentManager,
    IPipelineDocuments
  ],
  activate: (
    app: JupyterFrontEnd,
    workspace: IWorkspace,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null,
    documents: IDocumentManager | null,
    pipelines: IPipelineDocuments | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const { commands, shell } = app;
    const context = { app, workspace, trans, documents, pipelines };
    addPipelineCommands(context);
    addProjectCommands(context);

    const widget = new SidebarWidget({ workspace, commands, trans });
    shell.add(widget, 'left', { rank: 200, type: 'Mage' });
    restorer?.add(widget, widget.id);
    window.addEventListener('focus', () => {
      if (widget.isVisible) {
        void workspace.refresh();
      }
    });
    commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show the Mage Sidebar'),
      describedBy: argsSchema(),
      execute: () => shell.activateById(widget.id)
    });
    if (state) {
      keepState(widget, state).catch(console.warn);
    }
    if (settings) {
      followSettings(widget, settings).catch(console.warn);
    }
    for (const command of [
      CommandIDs.showSidebar,
      CommandIDs.openPipeline,
      CommandIDs.newPipeline,
      CommandIDs.renamePipeline,
      CommandIDs.duplicatePipeline,
      CommandIDs.deletePipeline,
      CommandIDs.createProject,
      CommandIDs.openExample,
      CommandIDs.importNotebook,
      CommandIDs.importHistory,
      CommandIDs.showRequirements,
      CommandIDs.refresh
    ]) {
      palette?.addItem({ command, category: trans.__('Mage') });
    }
    launcher?.add({
      command: CommandIDs.newPipeline,
      category: trans.__('Mage'),
      rank: 1,
      args: { launcher: true }
    });
    launcher?.add({
      command: CommandIDs.openExample,
      category: trans.__('Mage'),
      rank: 3,
      args: { launcher: true }
    });
  }
};

export default plugin;
