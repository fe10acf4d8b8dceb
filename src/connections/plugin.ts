import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  type MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { connectionIcon } from '../icons';
import { IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { chooseProject, textArg } from '../ui/choosePipeline';
import { addTab } from '../ui/mainTab';
import { installPackage } from './install';
import { orTell } from './model';
import { ConnectionsPage, type IConnectionsContext } from './page';
import { manageSecrets } from './secrets';

function addPage(
  app: JupyterFrontEnd,
  context: IConnectionsContext,
  restorer: ILayoutRestorer | null
): void {
  const { commands, trans, workspace } = context;
  const tracker = new WidgetTracker<MainAreaWidget<ConnectionsPage>>({
    namespace: 'mage-connections'
  });
  commands.addCommand(CommandIDs.openConnections, {
    label: trans.__('Connections…'),
    caption: trans.__('The profiles of io_config.yaml'),
    icon: connectionIcon,
    describedBy: argsSchema({ project: 'string', profile: 'string' }),
    execute: async args => {
      const title = trans.__('Connections of a project');
      const project = await chooseProject(workspace, args, title, trans);
      if (!project) {
        return;
      }
      let widget = tracker.find(item => item.content.project === project.slug);
      if (!widget) {
        const content = new ConnectionsPage(project.slug, context);
        const id = `mage-connections-${project.slug}`;
        widget = addTab(app, tracker, content, id);
      }
      app.shell.activateById(widget.id);
      const profile = textArg(args, 'profile');
      if (profile && !widget.content.model.dirty) {
        widget.content.model.choose(profile);
      }
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openConnections,
    args: ({ content }) => ({ project: content.project }),
    name: ({ content }) => content.project
  });
}

function addCommands(context: IConnectionsContext): void {
  const { commands, trans, workspace } = context;
  commands.addCommand(CommandIDs.manageSecrets, {
    label: trans.__('Secrets…'),
    caption: trans.__('Passwords and tokens that code asks for by name'),
    describedBy: argsSchema({ project: 'string' }),
    execute: async args => {
      const title = trans.__('Secrets of a project');
      const project = await chooseProject(workspace, args, title, trans);
      if (project) {
        await manageSecrets({
          project: project.slug,
          projectName: project.name || project.id,
          pipelines: workspace.pipelines.filter(
            item => item.project === project.slug
          ),
          trans
        });
      }
    }
  });
  commands.addCommand(CommandIDs.installPackage, {
    label: trans.__('Install a Package for Blocks'),
    describedBy: argsSchema({
      project: 'string',
      kernel: 'string',
      package: 'string',
      environment: 'string',
      python: 'string'
    }),
    execute: async args => {
      const project = textArg(args, 'project') ?? '';
      const folder = workspace.projects.find(item => item.slug === project);
      let done = false;
      await orTell(async () => {
        done = await installPackage(
          {
            project,
            folder: folder?.id ?? '',
            kernel: textArg(args, 'kernel'),
            package: textArg(args, 'package') ?? '',
            environment: textArg(args, 'environment') ?? '',
            python: textArg(args, 'python') ?? 'python'
          },
          commands,
          trans
        );
      });
      return done;
    }
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:connections',
  description: 'Connections and secrets of a project.',
  autoStart: true,
  requires: [IWorkspace],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    workspace: IWorkspace,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const context = { workspace, commands: app.commands, trans };
    addPage(app, context, restorer);
    addCommands(context);
    const category = trans.__('Mage');
    palette?.addItem({ command: CommandIDs.openConnections, category });
    palette?.addItem({ command: CommandIDs.manageSecrets, category });
  }
};

export default plugin;
