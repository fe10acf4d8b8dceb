import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Clipboard,
  InputDialog,
  Notification,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  linkIcon
} from '@jupyterlab/ui-components';

import { request } from '../api/request';
import type { IPipeline, IPipelineSummary } from '../api/types';
import { CommandIDs } from '../commands';
import { canvasIcon, mageIcon } from '../icons';
import type {
  IPipelineDocument,
  IPipelineDocuments,
  IWorkspace
} from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { choosePipeline } from '../ui/choosePipeline';
import { askTemplate } from '../ui/templateDialog';
import { askNewPipeline, confirmDeletePipeline } from './dialogs';

const PIPELINE_ARGS = argsSchema({
  project: 'string',
  pipeline: 'string',
  path: 'string'
});

/** What the commands of pipelines need. */
export interface ICommandContext {
  app: JupyterFrontEnd;
  workspace: IWorkspace;
  trans: TranslationBundle;
  documents: IDocumentManager | null;
  pipelines: IPipelineDocuments | null;
}

/** Path of a pipeline's notebook for the document manager. */
export function drivePath(pipeline: { path: string }): string {
  return `mage:${pipeline.path.replace(/^mage:/, '')}`;
}

function resource(pipeline: IPipelineSummary): string[] {
  return ['projects', pipeline.project, 'pipelines', pipeline.slug];
}

/** Do it; a failure is shown in a dialog. */
export async function orShow(
  title: string,
  task: () => Promise<void>
): Promise<void> {
  try {
    await task();
  } catch (error) {
    await showErrorMessage(title, error as Error);
  }
}

async function open(
  context: ICommandContext,
  pipeline: { path: string }
): Promise<unknown> {
  return context.app.commands.execute('docmanager:open', {
    path: drivePath(pipeline),
    factory: 'Notebook'
  });
}

/** The canvas takes its place beside the notebook: it must be there first. */
function whenOpen({ pipelines }: ICommandContext, path: string): Promise<void> {
  return new Promise(resolve => {
    if (!pipelines || pipelines.find(path)) {
      resolve();
      return;
    }
    const onOpened = (
      _: IPipelineDocuments,
      document: IPipelineDocument
    ): void => {
      if (document.path === path) {
        pipelines.opened.disconnect(onOpened);
        resolve();
      }
    };
    pipelines.opened.connect(onOpened);
  });
}

function addOpenCommands(context: ICommandContext): void {
  const { app, workspace, trans } = context;
  app.commands.addCommand(CommandIDs.openPipeline, {
    label: args =>
      args['canvas']
        ? trans.__('Open with Canvas')
        : args['pipeline'] || args['path']
          ? trans.__('Open')
          : trans.__('Open a Pipeline…'),
    caption: trans.__('Open a pipeline as a notebook'),
    icon: args => (args['canvas'] ? canvasIcon : mageIcon),
    describedBy: argsSchema({
      project: 'string',
      pipeline: 'string',
      path: 'string',
      canvas: 'boolean'
    }),
    execute: async args => {
      const pipeline = await choosePipeline(
        workspace,
        args,
        trans.__('Open a pipeline'),
        trans
      );
      if (!pipeline) {
        return undefined;
      }
      const widget = await open(context, pipeline);
      if (args['canvas'] && app.commands.hasCommand(CommandIDs.openCanvas)) {
        const path = drivePath(pipeline);
        await whenOpen(context, path);
        await app.commands.execute(CommandIDs.openCanvas, { path });
      }
      return widget;
    }
  });
  app.commands.addCommand(CommandIDs.newPipeline, {
    label: args =>
      args['launcher'] ? trans.__('New pipeline') : trans.__('New Pipeline…'),
    caption: trans.__('Make a pipeline and open it'),
    icon: args => (args['launcher'] ? mageIcon : addIcon),
    describedBy: argsSchema({ project: 'string' }),
    execute: args => newPipeline(context, args['project'])
  });
  app.commands.addCommand(CommandIDs.copyPipelinePath, {
    label: trans.__('Copy Path'),
    icon: linkIcon,
    describedBy: PIPELINE_ARGS,
    execute: async args => {
      const pipeline = await choosePipeline(
        workspace,
        args,
        trans.__('Copy the path of a pipeline'),
        trans
      );
      const project = workspace.projects.find(
        item => item.slug === pipeline?.project
      );
      if (pipeline) {
        Clipboard.copyToSystem(
          [project?.id, 'pipelines', pipeline.id].filter(Boolean).join('/')
        );
      }
    }
  });
}

async function newPipeline(
  context: ICommandContext,
  wanted: unknown
): Promise<unknown> {
  const { app, workspace, trans } = context;
  await workspace.ready;
  if (!workspace.projects.length) {
    return app.commands.execute(CommandIDs.createProject);
  }
  const project =
    typeof wanted === 'string' ? wanted : workspace.projects[0].slug;
  const asked = await askNewPipeline(workspace.projects, project, trans);
  if (!asked) {
    return undefined;
  }
  let made: IPipeline | undefined;
  await orShow(trans.__('The pipeline was not created'), async () => {
    made = await request<IPipeline>(['projects', asked.project, 'pipelines'], {
      method: 'POST',
      body: {
        name: asked.name,
        description: asked.description || null,
        template: asked.template || null
      }
    });
  });
  return made && open(context, made);
}

function addChangeCommands(context: ICommandContext): void {
  const { app, workspace, trans } = context;
  const choose = (
    args: Parameters<typeof choosePipeline>[1],
    title: string
  ): Promise<IPipelineSummary | undefined> =>
    choosePipeline(workspace, args, title, trans);

  app.commands.addCommand(CommandIDs.renamePipeline, {
    label: trans.__('Rename Pipeline…'),
    icon: editIcon,
    describedBy: PIPELINE_ARGS,
    execute: async args => {
      const pipeline = await choose(args, trans.__('Rename a pipeline'));
      return pipeline && renamePipeline(context, pipeline);
    }
  });
  app.commands.addCommand(CommandIDs.duplicatePipeline, {
    label: trans.__('Duplicate Pipeline…'),
    icon: copyIcon,
    describedBy: PIPELINE_ARGS,
    execute: async args => {
      const pipeline = await choose(args, trans.__('Duplicate a pipeline'));
      return pipeline && duplicatePipeline(context, pipeline);
    }
  });
  app.commands.addCommand(CommandIDs.savePipelineTemplate, {
    label: trans.__('Save Pipeline as Template…'),
    caption: trans.__('Offer it when a pipeline is made'),
    describedBy: PIPELINE_ARGS,
    execute: async args => {
      const pipeline = await choose(args, trans.__('Save as a template'));
      return pipeline && saveTemplate(context, pipeline);
    }
  });
  app.commands.addCommand(CommandIDs.deletePipeline, {
    label: trans.__('Delete Pipeline…'),
    icon: deleteIcon,
    describedBy: PIPELINE_ARGS,
    execute: async args => {
      const pipeline = await choose(args, trans.__('Delete a pipeline'));
      return pipeline && deletePipeline(context, pipeline);
    }
  });
}

async function askName(
  title: string,
  ok: string,
  text: string,
  trans: TranslationBundle
): Promise<string | null> {
  const result = await InputDialog.getText({
    title,
    label: trans.__('Name'),
    text,
    okLabel: ok
  });
  return (result.button.accept && result.value?.trim()) || null;
}

async function renamePipeline(
  { app, trans }: ICommandContext,
  pipeline: IPipelineSummary
): Promise<void> {
  const name = await askName(
    trans.__('Rename “%1”', pipeline.name),
    trans.__('Rename'),
    pipeline.name,
    trans
  );
  if (!name || name === pipeline.name) {
    return;
  }
  await orShow(trans.__('The pipeline was not renamed'), async () => {
    const { contents } = app.serviceManager;
    const now = await request<IPipeline>(resource(pipeline));
    const renamed = await request<IPipeline>(resource(pipeline), {
      method: 'PATCH',
      body: { name },
      ifMatch: now.etag
    });
    // Open notebooks follow when they hear of it as of a renamed file.
    const moved = await contents.get(drivePath(renamed), { content: false });
    emitRename(contents, drivePath(pipeline), moved);
  });
}

/** Tell open documents that their file has another name now. */
function emitRename(
  contents: JupyterFrontEnd['serviceManager']['contents'],
  from: string,
  moved: { path: string }
): void {
  const signal = contents.fileChanged as unknown as {
    emit?: (change: unknown) => void;
  };
  signal.emit?.({ type: 'rename', oldValue: { path: from }, newValue: moved });
}

async function duplicatePipeline(
  context: ICommandContext,
  pipeline: IPipelineSummary
): Promise<void> {
  const { trans } = context;
  const name = await askName(
    trans.__('Duplicate “%1”', pipeline.name),
    trans.__('Duplicate'),
    trans.__('%1 copy', pipeline.name),
    trans
  );
  if (!name) {
    return;
  }
  await orShow(trans.__('The pipeline was not duplicated'), async () => {
    const made = await request<IPipeline>(
      ['projects', pipeline.project, 'pipelines'],
      { method: 'POST', body: { name, copy_of: pipeline.id } }
    );
    await open(context, made);
  });
}

async function saveTemplate(
  { trans }: ICommandContext,
  pipeline: IPipelineSummary
): Promise<void> {
  const saved = await askTemplate({
    title: trans.__('Save “%1” as a template', pipeline.name),
    name: pipeline.name,
    save: template =>
      request(['projects', pipeline.project, 'templates'], {
        method: 'POST',
        body: { ...template, pipeline: pipeline.id }
      }),
    trans
  });
  if (saved) {
    Notification.success(
      trans.__('“%1” is offered when a pipeline is made.', saved),
      { autoClose: 4000 }
    );
  }
}

/** Close the notebook of a pipeline that is gone; nothing of it is saved again. */
async function closeNotebook(
  { app, documents }: ICommandContext,
  path: string
): Promise<void> {
  await app.serviceManager.sessions.stopIfNeeded(path);
  // Disposed, not closed: closing would ask whether to save.
  for (
    let widget = documents?.findWidget(path, 'Notebook');
    widget && !widget.isDisposed;
    widget = documents?.findWidget(path, 'Notebook')
  ) {
    widget.dispose();
  }
}

async function deletePipeline(
  context: ICommandContext,
  summary: IPipelineSummary
): Promise<void> {
  const { workspace, trans } = context;
  await orShow(trans.__('The pipeline was not deleted'), async () => {
    const pipeline = await request<IPipeline>(resource(summary));
    const triggers = workspace.triggers.filter(
      item => item.project === summary.project && item.pipeline === summary.id
    );
    if (await confirmDeletePipeline(pipeline, triggers, trans)) {
      await request(resource(summary), {
        method: 'DELETE',
        ifMatch: pipeline.etag
      });
      await closeNotebook(context, drivePath(summary));
      for (const trigger of triggers) {
        // With the folder of the pipeline its triggers.yaml is gone already.
        await request(['triggers', trigger.id], { method: 'DELETE' }).catch(
          console.debug
        );
      }
      await workspace.refresh();
      Notification.success(trans.__('“%1” was deleted.', pipeline.name), {
        autoClose: 4000
      });
    }
  });
}

/** Register the commands that open, make and change pipelines. */
export function addPipelineCommands(context: ICommandContext): void {
  addOpenCommands(context);
  addChangeCommands(context);
}
