import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import {
  addIcon,
  caretDownIcon,
  caretUpIcon,
  copyIcon,
  deleteIcon,
  downloadIcon,
  editIcon,
  fileIcon,
  type LabIcon,
  refreshIcon,
  runIcon,
  settingsIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { apiUrl, request } from '../api/request';
import type { IRun } from '../api/types';
import { CommandIDs } from '../commands';
import { runStaleIcon } from '../icons';
import type { PipelineDocuments } from '../model/documents';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { DbtTask, IRunOptions, IWorkspace, RunMode } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { isStep } from '../ui/blockTypes';
import { openMenu } from '../ui/menu';
import { askTemplate } from '../ui/templateDialog';
import { addBlock, addMenu, warn } from './blockMenus';
import { editBlock } from './blockSettings';
import { addDbtModel, newDbtModel } from './dbtModels';
import type { INotebookParts } from './context';
import { RENAME_EVENT } from './header';
import { editPipeline } from './pipelineSettings';
import { askRunOptions } from './runDialog';

type Args = ReadonlyPartialJSONObject;

export interface ICommandsContext extends INotebookParts {
  documents: PipelineDocuments;
  workspace: IWorkspace | null;
}

/** The pipeline that a command means: named by path, else the current one. */
function documentOf(
  context: ICommandsContext,
  args: Args
): PipelineDocument | null {
  const path = args['path'];
  return typeof path === 'string' && path
    ? (context.documents.find(path) ?? null)
    : context.documents.current;
}

/** The block that a command means: named, else the active one. */
function blockId(document: PipelineDocument, args: Args): string | null {
  const block = args['block'];
  return typeof block === 'string' ? block : document.activeBlock;
}

interface IBlockCommand {
  id: string;
  label: string;
  caption: string;
  icon?: LabIcon;
  /** Whether it changes the pipeline. */
  edits?: boolean;
  /** Only for blocks that are steps of a run. */
  step?: boolean;
  execute: (
    document: PipelineDocument,
    block: string,
    args: Args
  ) => void | Promise<void>;
}

const DBT_TASKS: readonly DbtTask[] = [
  'show',
  'compile',
  'run',
  'test',
  'build'
];
const BLOCK_ARGS = argsSchema({ path: 'string', block: 'string' });
const PIPELINE_ARGS = argsSchema({ path: 'string' });

/** Start a run; what goes wrong before it starts is said. */
async function run(
  document: PipelineDocument,
  options: IRunOptions
): Promise<void> {
  try {
    await document.run(options);
  } catch (error) {
    warn(error);
  }
}

/** Switch a setting in a block's configuration; off is no setting. */
function toggle(document: PipelineDocument, block: string, key: string): void {
  const { [key]: now, ...rest } = document.metadata(block)?.configuration ?? {};
  document.changeBlock(block, {
    configuration: now === true ? rest : { ...rest, [key]: true }
  });
}

export function addCommands(context: ICommandsContext): void {
  for (const command of [...runCommands(context), ...editCommands(context)]) {
    addBlockCommand(context, command);
  }
  addPipelineCommands(context);
}

function addBlockCommand(
  context: ICommandsContext,
  command: IBlockCommand
): void {
  const target = (
    args: Args
  ): { document: PipelineDocument; block: string } | null => {
    const document = documentOf(context, args);
    const block = document && blockId(document, args);
    return document && block ? { document, block } : null;
  };
  context.commands.addCommand(command.id, {
    label: command.label,
    caption: command.caption,
    icon: command.icon,
    describedBy: BLOCK_ARGS,
    isVisible: args => target(args) !== null,
    isEnabled: args => {
      const found = target(args);
      if (!found || (command.edits && found.document.readOnly)) {
        return false;
      }
      const type = found.document.metadata(found.block)?.type ?? '';
      return !command.step || isStep(type);
    },
    execute: async args => {
      const found = target(args);
      if (!found) {
        return;
      }
      try {
        await command.execute(found.document, found.block, args);
      } catch (error) {
        warn(error);
      }
    }
  });
}

function runCommands(context: ICommandsContext): IBlockCommand[] {
  const { trans } = context;
  const mode = (
    id: string,
    kind: RunMode,
    label: string,
    caption: string,
    restart = false
  ): IBlockCommand => ({
    id,
    label,
    caption,
    icon: restart ? refreshIcon : runIcon,
    step: kind !== 'block',
    execute: (document, block) => run(document, { mode: kind, block, restart })
  });
  return [
    mode(
      CommandIDs.runBlock,
      'block',
      trans.__('Run Block'),
      trans.__('Run the selected block')
    ),
    mode(
      CommandIDs.runWithUpstream,
      'with-upstream',
      trans.__('Run Block with Its Upstream'),
      trans.__('Run all blocks the selected one depends on, then itself')
    ),
    mode(
      CommandIDs.runFromHere,
      'from-here',
      trans.__('Run from Here'),
      trans.__('Run the selected block and all that depend on it')
    ),
    mode(
      CommandIDs.runTests,
      'tests',
      trans.__('Run Tests Only'),
      trans.__('Run the tests of the selected block on its stored output')
    ),
    mode(
      CommandIDs.restartAndRunFromHere,
      'from-here',
      trans.__('Restart and Run from Here'),
      trans.__(
        'Restart the kernel and run from the selected block with the stored outputs before it'
      ),
      true
    ),
    {
      id: CommandIDs.runDbt,
      label: trans.__('Run dbt Model'),
      caption: trans.__(
        'Preview, compile, run, test or build the selected dbt model'
      ),
      icon: runIcon,
      execute: (document, block, args) =>
        run(document, { mode: 'block', block, dbt: dbtTask(args) })
    },
    {
      id: CommandIDs.runInCleanProcess,
      label: trans.__('Run Block in a Clean Process'),
      caption: trans.__(
        'Save, then run the selected block in a kernel of its own, as a schedule would'
      ),
      icon: runIcon,
      step: true,
      execute: (document, block) => runClean(context, document, block)
    },
    {
      id: CommandIDs.runWithVariables,
      label: trans.__('Run with Variables…'),
      caption: trans.__('Choose variables and an execution date, then run'),
      icon: runIcon,
      execute: async (document, block) => {
        const options = await askRunOptions(document, block, trans);
        if (options) {
          await run(document, options);
        }
      }
    }
  ];
}

function dbtTask(args: Args): DbtTask {
  const task = args['task'];
  return DBT_TASKS.find(item => item === task) ?? 'build';
}

/** A run of one block; its inputs are the stored outputs of the blocks before it. */
async function runClean(
  { commands, app }: ICommandsContext,
  document: PipelineDocument,
  block: string
): Promise<void> {
  if (document.panel.context.model.dirty) {
    await document.panel.context.save();
    if (document.panel.context.model.dirty) {
      return;
    }
  }
  const run = await request<IRun>(
    ['runs'],
    {
      method: 'POST',
      body: {
        project: document.project,
        pipeline: document.pipeline,
        blocks: [block]
      }
    },
    app.serviceManager.serverSettings
  );
  await commands.execute(CommandIDs.openRun, { run: run.id, tab: 'log' });
}

function editCommands(context: ICommandsContext): IBlockCommand[] {
  const { trans } = context;
  return [
    {
      id: CommandIDs.renameBlock,
      label: trans.__('Rename Block'),
      caption: trans.__('Give the selected block another name'),
      icon: editIcon,
      edits: true,
      execute: (document, block, args) => rename(context, document, block, args)
    },
    {
      id: CommandIDs.duplicateBlock,
      label: trans.__('Duplicate Block'),
      caption: trans.__('Put a copy with a file of its own below the block'),
      icon: copyIcon,
      edits: true,
      execute: (document, block) => {
        document.duplicateBlock(block);
      }
    },
    {
      id: CommandIDs.replicateBlock,
      label: trans.__('Replicate Block'),
      caption: trans.__(
        'Run the code of this block once more, with inputs of its own'
      ),
      icon: copyIcon,
      edits: true,
      step: true,
      execute: (document, block) => {
        document.replicateBlock(block);
      }
    },
    {
      id: CommandIDs.toggleDynamic,
      label: trans.__('Block Is Dynamic: On or Off'),
      caption: trans.__(
        'Run the blocks below once for each item that this one returns'
      ),
      edits: true,
      step: true,
      execute: (document, block) => toggle(document, block, 'dynamic')
    },
    {
      id: CommandIDs.toggleReduce,
      label: trans.__('Block Gathers Its Children: On or Off'),
      caption: trans.__(
        'Run the block below once, with what all children of this one left'
      ),
      edits: true,
      step: true,
      execute: (document, block) => toggle(document, block, 'reduce_output')
    },
    {
      id: CommandIDs.saveBlockTemplate,
      label: trans.__('Save Block as Template…'),
      caption: trans.__(
        'Offer the block with its text and settings when a block is added'
      ),
      execute: (document, block) => saveTemplate(context, document, block)
    },
    {
      id: CommandIDs.removeBlock,
      label: trans.__('Remove Block from Pipeline'),
      caption: trans.__('Take the block out of the pipeline; its file stays'),
      icon: deleteIcon,
      edits: true,
      execute: (document, block) => remove(context, document, block)
    },
    {
      id: CommandIDs.moveBlockUp,
      label: trans.__('Move Block Up'),
      caption: trans.__('Move the selected block one place up'),
      icon: caretUpIcon,
      edits: true,
      execute: (document, block) => document.moveBlock(block, -1)
    },
    {
      id: CommandIDs.moveBlockDown,
      label: trans.__('Move Block Down'),
      caption: trans.__('Move the selected block one place down'),
      icon: caretDownIcon,
      edits: true,
      execute: (document, block) => document.moveBlock(block, 1)
    },
    {
      id: CommandIDs.blockSettings,
      label: trans.__('Block Settings…'),
      caption: trans.__(
        'Retries, timeout, order of upstream blocks, executor, configuration'
      ),
      icon: settingsIcon,
      execute: (document, block) => editBlock(document, block, trans)
    },
    {
      id: CommandIDs.openBlockFile,
      label: trans.__('Open Block File'),
      caption: trans.__('Open the file of the selected block in an editor'),
      icon: fileIcon,
      execute: (document, block) => openFile(context, document, block)
    }
  ];
}

async function rename(
  context: ICommandsContext,
  document: PipelineDocument,
  block: string,
  args: Args
): Promise<void> {
  const { trans } = context;
  const name = args['name'];
  if (typeof name !== 'string') {
    document.focus(block);
    document.widget(block)?.node.dispatchEvent(new CustomEvent(RENAME_EVENT));
    return;
  }
  const used = document.block(block)?.usedIn ?? [];
  if (used.length) {
    const { button } = await showDialog({
      title: trans.__('Rename this block everywhere?'),
      body: trans.__(
        'Its file is used in other pipelines too: %1. Saving renames the file and updates all of them.',
        used.join(', ')
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: trans.__('Rename') })
      ]
    });
    if (!button.accept) {
      return;
    }
  }
  document.renameBlock(block, name);
}

async function remove(
  context: ICommandsContext,
  document: PipelineDocument,
  id: string
): Promise<void> {
  const { trans } = context;
  const block = document.block(id);
  const below = document.blocks.filter(other => other.upstream.includes(id));
  if (!block) {
    return;
  }
  if (below.length) {
    const { button } = await showDialog({
      title: trans.__('Remove “%1” from the pipeline?', block.name),
      body: trans.__(
        'These blocks lose their input: %1. The file of the block stays, and undo brings all of it back.',
        below.map(other => other.name).join(', ')
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Remove') })
      ]
    });
    if (!button.accept) {
      return;
    }
  }
  document.removeBlock(id);
}

async function saveTemplate(
  context: ICommandsContext,
  document: PipelineDocument,
  block: string
): Promise<void> {
  const { trans } = context;
  const name = document.block(block)?.name ?? block;
  const saved = await askTemplate({
    title: trans.__('Save “%1” as a template', name),
    name,
    save: async template => {
      if (document.panel.context.model.dirty) {
        await document.panel.context.save();
      }
      await request(
        ['projects', document.project, 'templates'],
        {
          method: 'POST',
          body: { ...template, pipeline: document.pipeline, block }
        },
        context.app.serviceManager.serverSettings
      );
    },
    trans
  });
  if (saved) {
    Notification.success(
      trans.__('“%1” is offered as a template when a block is added.', saved),
      { autoClose: 4000 }
    );
  }
}

async function openFile(
  context: ICommandsContext,
  document: PipelineDocument,
  block: string
): Promise<void> {
  const path = document.block(block)?.path;
  const project = context.workspace?.projects.find(
    item => item.slug === document.project
  );
  if (!path || !project) {
    throw new Error(context.trans.__('This block has no file.'));
  }
  await context.commands.execute('docmanager:open', {
    path: URLExt.join(project.id, path).replace(/^\//, '')
  });
}

function addPipelineCommands(context: ICommandsContext): void {
  const { commands, trans } = context;
  const add = (
    id: string,
    label: string,
    caption: string,
    icon: LabIcon,
    execute: (document: PipelineDocument, args: Args) => unknown,
    described = PIPELINE_ARGS
  ): void => {
    commands.addCommand(id, {
      label,
      caption,
      icon,
      describedBy: described,
      isEnabled: args => documentOf(context, args) !== null,
      isVisible: args => documentOf(context, args) !== null,
      execute: async args => {
        const document = documentOf(context, args);
        if (document) {
          try {
            await execute(document, args);
          } catch (error) {
            warn(error);
          }
        }
      }
    });
  };
  add(
    CommandIDs.runAll,
    trans.__('Run All Blocks'),
    trans.__('Run all blocks of the pipeline in order'),
    runIcon,
    document => run(document, { mode: 'all' })
  );
  add(
    CommandIDs.runStale,
    trans.__('Run Stale Blocks'),
    trans.__(
      'Run only what has not run, failed, or whose code or input changed'
    ),
    runStaleIcon,
    document => run(document, { mode: 'stale' })
  );
  add(
    CommandIDs.addBlock,
    trans.__('Add Block'),
    trans.__('Add a block of a type after the selected one'),
    addIcon,
    (document, args) =>
      addBlock(
        document,
        typeof args['type'] === 'string' ? args['type'] : 'transformer',
        document.activeBlock,
        typeof args['template'] === 'string' ? args['template'] : undefined
      ),
    argsSchema({ path: 'string', type: 'string', template: 'string' })
  );
  add(
    CommandIDs.chooseBlock,
    trans.__('Add Block…'),
    trans.__('Choose type and template of a new block from a menu'),
    addIcon,
    async (document, args) => {
      const after = typeof args['after'] === 'string' ? args['after'] : null;
      openMenu(await addMenu(context, document, after), {
        x: Number(args['x'] ?? 0),
        y: Number(args['y'] ?? 0)
      });
    },
    argsSchema({ path: 'string', after: 'string', x: 'number', y: 'number' })
  );
  add(
    CommandIDs.addDbtModel,
    trans.__('Add dbt Model…'),
    trans.__('Add a dbt model and the models it reads as blocks'),
    addIcon,
    (document, args) =>
      addDbtModel(
        context,
        document,
        typeof args['after'] === 'string'
          ? args['after']
          : document.activeBlock,
        typeof args['model'] === 'string' ? args['model'] : undefined
      ),
    argsSchema({ path: 'string', after: 'string', model: 'string' })
  );
  add(
    CommandIDs.newDbtModel,
    trans.__('New dbt Model…'),
    trans.__('Add a dbt model with a file of its own as a block'),
    addIcon,
    (document, args) =>
      newDbtModel(
        context,
        document,
        typeof args['after'] === 'string' ? args['after'] : document.activeBlock
      ),
    argsSchema({ path: 'string', after: 'string' })
  );
  add(
    CommandIDs.pipelineSettings,
    trans.__('Pipeline Settings…'),
    trans.__('Name, description, tags, variables and kernel of the pipeline'),
    settingsIcon,
    document => editPipeline(document, context)
  );
  add(
    CommandIDs.exportNotebook,
    trans.__('Download Pipeline as Notebook'),
    trans.__('Download the pipeline with its outputs as an .ipynb file'),
    downloadIcon,
    document => download(context, document)
  );
}

function download(context: ICommandsContext, document: PipelineDocument): void {
  const link = window.document.createElement('a');
  link.href = apiUrl(
    ['projects', document.project, 'pipelines', document.slug, 'export'],
    { format: 'ipynb' },
    context.app.serviceManager.serverSettings
  );
  link.download = `${document.pipeline}.ipynb`;
  window.document.body.appendChild(link);
  link.click();
  link.remove();
}
