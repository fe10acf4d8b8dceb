import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { mageIcon } from '../icons';
import type { IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';

const PIPELINE = /^(?:(.*)\/)?pipelines\/([^/]+)(?:\/metadata\.ya?ml)?$/;

/** Open pipelines and projects from the file browser. */
export function addOpenAsPipeline(
  app: JupyterFrontEnd,
  browsers: IFileBrowserFactory,
  workspace: IWorkspace,
  trans: TranslationBundle
): void {
  const selected = (): string | null => {
    const browser = browsers.tracker.currentWidget;
    const item = browser?.selectedItems().next();
    return item && !item.done ? item.value.path.replace(/^\//, '') : null;
  };
  const pipelineAt = (path: string): { path: string } | undefined => {
    const match = PIPELINE.exec(path);
    const project = workspace.projects.find(
      item => item.id === (match?.[1] ?? '')
    );
    return match && project
      ? workspace.pipelines.find(
          item => item.project === project.slug && item.id === match[2]
        )
      : undefined;
  };
  const projectAt = (path: string): boolean =>
    workspace.projects.some(item => item.id === path);
  const target = (args: { path?: unknown }): string | null =>
    typeof args.path === 'string' ? args.path : selected();
  app.commands.addCommand(CommandIDs.importSelectedNotebook, {
    label: trans.__('Import as a Pipeline…'),
    caption: trans.__('Make a Mage pipeline of this notebook'),
    icon: mageIcon,
    describedBy: argsSchema({ path: 'string' }),
    isVisible: args => {
      const path = target(args);
      // Only files of the server itself: those of other drives it cannot read.
      const local = path !== null && !path.includes(':');
      return local && path.endsWith('.ipynb') && workspace.projects.length > 0;
    },
    execute: args =>
      app.commands.execute(CommandIDs.importNotebook, { path: target(args) })
  });
  app.commands.addCommand(CommandIDs.openAsPipeline, {
    label: trans.__('Open as Pipeline'),
    caption: trans.__('Open the Mage pipeline or project that lies here'),
    icon: mageIcon,
    describedBy: argsSchema({ path: 'string' }),
    isVisible: args => {
      const path = target(args);
      return path !== null && (!!pipelineAt(path) || projectAt(path));
    },
    execute: async args => {
      const path = target(args);
      const pipeline = path === null ? undefined : pipelineAt(path);
      if (pipeline) {
        await app.commands.execute('docmanager:open', {
          path: `mage:${pipeline.path.replace(/^mage:/, '')}`,
          factory: 'Notebook'
        });
      } else if (path !== null && projectAt(path)) {
        await app.commands.execute(CommandIDs.showSidebar);
      }
    }
  });
}
