import {
  InputDialog,
  Notification,
  showDialog,
  Dialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { FileDialog } from '@jupyterlab/filebrowser';
import {
  historyIcon,
  notebookIcon,
  refreshIcon
} from '@jupyterlab/ui-components';

import { request } from '../api/request';
import type { components } from '../api/schema';
import type {
  IPage,
  IPipelineSummary,
  IProject,
  IRequirements
} from '../api/types';
import { CommandIDs } from '../commands';
import { mageIcon } from '../icons';
import { argsSchema } from '../ui/argsSchema';
import { chooseProject, textArg } from '../ui/choosePipeline';
import { manageDataProducts } from './dataProducts';
import { showRequirements } from './dialogs';
import { importNotebook } from './importDialog';
import type { ICommandContext } from './pipelineCommands';
import { drivePath, orShow } from './pipelineCommands';

type ImportResult = components['schemas']['ImportResult'];

/** The part of a file editor that is used here. */
interface IEditorWidget {
  context: { ready: Promise<void> };
  content: {
    editor?: {
      lineCount: number;
      setCursorPosition(position: { line: number; column: number }): void;
      revealPosition(position: { line: number; column: number }): void;
    };
  };
}

const EXAMPLE_FOLDER = 'penguins';

/** A name that no project has yet. */
function freePath(wanted: string, projects: readonly IProject[]): string {
  const taken = new Set(projects.map(item => item.id));
  let path = wanted;
  for (let number = 2; taken.has(path); number++) {
    path = `${wanted}_${number}`;
  }
  return path;
}

async function createProject(
  { app, workspace, trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  await workspace.ready;
  let path = textArg(args, 'projectPath');
  if (!path) {
    const result = await InputDialog.getText({
      title: trans.__('New Mage project'),
      label: trans.__('Folder, below the folder JupyterLab was started in'),
      text: freePath('my_project', workspace.projects),
      okLabel: trans.__('Create')
    });
    path = (result.button.accept && result.value?.trim()) || null;
  }
  if (!path) {
    return;
  }
  await orShow(trans.__('The project was not created'), async () => {
    const project = await request<IProject>(['projects'], {
      method: 'POST',
      body: { path }
    });
    await workspace.refresh();
    await app.commands.execute(CommandIDs.showSidebar);
    await app.commands.execute(CommandIDs.newPipeline, {
      project: project.slug
    });
  });
}

async function openExample({
  app,
  workspace,
  trans
}: ICommandContext): Promise<void> {
  await orShow(trans.__('The example was not made'), async () => {
    await workspace.ready;
    // Opened before: opening it again shows it, changes and all.
    let project = workspace.projects.find(
      item => PathExt.basename(item.id) === EXAMPLE_FOLDER
    );
    project ??= await request<IProject>(['projects'], {
      method: 'POST',
      body: { path: EXAMPLE_FOLDER, example: true }
    });
    const pipelines = await request<IPage<IPipelineSummary>>([
      'projects',
      project.slug,
      'pipelines'
    ]);
    await workspace.refresh();
    await app.commands.execute(CommandIDs.showSidebar);
    if (pipelines.items.length) {
      await app.commands.execute('docmanager:open', {
        path: drivePath(pipelines.items[0]),
        factory: 'Notebook'
      });
    }
  });
}

async function importHistory(
  { workspace, trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const title = trans.__('Import from Mage’s database');
  const project = await chooseProject(workspace, args, title, trans);
  if (!project) {
    return;
  }
  const asked = await InputDialog.getText({
    title,
    label: trans.__(
      'Path of mage-ai.db below the folder JupyterLab was started in; leave it empty to look in the project. Triggers, variables and the history of runs are taken over; triggers stay off.'
    ),
    okLabel: trans.__('Import')
  });
  if (!asked.button.accept) {
    return;
  }
  await orShow(trans.__('Nothing was imported'), async () => {
    const result = await request<ImportResult>(
      ['projects', project.slug, 'import'],
      { method: 'POST', body: { path: asked.value?.trim() || null } }
    );
    await workspace.refresh();
    const lines = [
      trans._n('%1 trigger', '%1 triggers', result.triggers),
      trans._n('%1 run', '%1 runs', result.runs),
      trans._n('%1 variable', '%1 variables', result.variables)
    ];
    await showDialog({
      title: trans.__('Imported into %1', project.name),
      body: [lines.join(', ') + '.', ...(result.notes ?? [])].join(' '),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  });
}

async function notebook(
  { app, documents, workspace, trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const title = trans.__('Import a notebook as a pipeline');
  let path = textArg(args, 'path');
  if (!path && documents) {
    const asked = await FileDialog.getOpenFiles({
      manager: documents,
      title,
      // Folders stay, to be gone into.
      filter: item =>
        item.type === 'directory' || item.name.endsWith('.ipynb')
          ? { score: 1 }
          : null
    });
    path = asked.value?.[0]?.path ?? null;
  }
  const project = path && (await chooseProject(workspace, args, title, trans));
  if (!path || !project) {
    return;
  }
  const from = path;
  await orShow(trans.__('The notebook was not imported'), async () => {
    const made = await importNotebook(project.slug, from, trans);
    if (made) {
      await workspace.refresh();
      await app.commands.execute(CommandIDs.openPipeline, {
        project: project.slug,
        pipeline: made.id
      });
    }
  });
}

async function requirements(
  { app, workspace, trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const project = await chooseProject(
    workspace,
    args,
    trans.__('Check the requirements of a project'),
    trans
  );
  if (!project) {
    return;
  }
  await orShow(trans.__('The requirements were not checked'), async () => {
    const found = await request<IRequirements>(
      ['projects', project.slug, 'requirements'],
      { query: { kernel: textArg(args, 'kernel') } }
    );
    const terminal = 'terminal:create-new';
    const wanted = await showRequirements(
      found,
      app.commands.hasCommand(terminal),
      trans
    );
    if (wanted && found.install_command) {
      const widget = (await app.commands.execute(terminal, {
        cwd: project.id
      })) as { content: { session: { send(message: unknown): void } } };
      widget.content.session.send({
        type: 'stdin',
        content: [`${found.install_command}\r`]
      });
    }
  });
}

async function openProblem(
  { app, workspace, trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const project = workspace.projects.find(
    item => item.slug === textArg(args, 'project')
  );
  const file = textArg(args, 'file');
  if (!project || !file) {
    return;
  }
  await orShow(trans.__('The file was not opened'), async () => {
    const path = PathExt.join(project.id, file);
    const widget: IEditorWidget | undefined = await app.commands.execute(
      'docmanager:open',
      { path, factory: 'Editor' }
    );
    await widget?.context.ready;
    const editor = widget?.content.editor;
    const line = args['line'];
    if (editor && typeof line === 'number') {
      // An error at the end of a file is said to be behind its last line.
      const at = Math.max(0, Math.min(line, editor.lineCount) - 1);
      const position = { line: at, column: 0 };
      editor.setCursorPosition(position);
      editor.revealPosition(position);
    }
  });
}

/** Register the commands of projects. */
export function addProjectCommands(context: ICommandContext): void {
  const { app, workspace, trans } = context;
  app.commands.addCommand(CommandIDs.createProject, {
    label: trans.__('New Mage Project…'),
    icon: mageIcon,
    describedBy: argsSchema({ projectPath: 'string' }),
    execute: args => createProject(context, args)
  });
  app.commands.addCommand(CommandIDs.openExample, {
    label: args =>
      args['launcher']
        ? trans.__('Example project')
        : trans.__('Open the Example Project'),
    caption: trans.__('A small project with real data: Palmer penguins'),
    icon: mageIcon,
    describedBy: argsSchema(),
    execute: () => openExample(context)
  });
  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Projects and Runs'),
    icon: refreshIcon,
    describedBy: argsSchema(),
    execute: async () => {
      await workspace.refresh();
      if (workspace.error) {
        Notification.error(workspace.error, { autoClose: 5000 });
      }
    }
  });
  app.commands.addCommand(CommandIDs.importHistory, {
    label: trans.__('Import History from mage-ai.db…'),
    icon: historyIcon,
    describedBy: argsSchema({ project: 'string' }),
    execute: args => importHistory(context, args)
  });
  app.commands.addCommand(CommandIDs.importNotebook, {
    label: trans.__('Import a Notebook…'),
    caption: trans.__('Make a pipeline of a notebook'),
    icon: notebookIcon,
    describedBy: argsSchema({ project: 'string', path: 'string' }),
    execute: args => notebook(context, args)
  });
  app.commands.addCommand(CommandIDs.showRequirements, {
    label: trans.__('Check Requirements…'),
    describedBy: argsSchema({ project: 'string', kernel: 'string' }),
    execute: args => requirements(context, args)
  });
  app.commands.addCommand(CommandIDs.manageDataProducts, {
    label: trans.__('Global Data Products…'),
    caption: trans.__(
      'Outputs of pipelines that other pipelines use: register them, say how old they may be'
    ),
    describedBy: argsSchema({ project: 'string' }),
    execute: async args => {
      const title = trans.__('Global data products');
      const project = await chooseProject(workspace, args, title, trans);
      if (project) {
        await orShow(title, () =>
          manageDataProducts(
            project.slug,
            project.name,
            workspace.pipelines.filter(item => item.project === project.slug),
            trans
          )
        );
      }
    }
  });
  app.commands.addCommand(CommandIDs.openProblem, {
    label: trans.__('Open the File of a Problem'),
    describedBy: argsSchema({
      project: 'string',
      file: 'string',
      line: 'number'
    }),
    execute: args => openProblem(context, args)
  });
}
