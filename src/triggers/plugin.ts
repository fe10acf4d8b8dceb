import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  type MainAreaWidget,
  Notification,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  addIcon,
  deleteIcon,
  editIcon,
  runIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { request } from '../api/request';
import type { IRun, ITrigger } from '../api/types';
import { CommandIDs } from '../commands';
import { triggerIcon } from '../icons';
import { IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { textArg } from '../ui/choosePipeline';
import { addTab } from '../ui/mainTab';
import type { ITriggersContext, View } from './page';
import { TriggersPage } from './page';

const TRIGGER_ARGS = argsSchema({ trigger: 'string' });
const PLACE_ARGS = argsSchema({ project: 'string', pipeline: 'string' });

function find(
  { workspace }: ITriggersContext,
  args: ReadonlyPartialJSONObject
): ITrigger | undefined {
  return workspace.triggers.find(item => item.id === args['trigger']);
}

/** Say what went wrong where the person is. */
async function orTell(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    Notification.error((error as Error).message, { autoClose: 8000 });
  }
}

/** Commands that do something to one trigger. */
function addTriggerCommands(context: ITriggersContext): void {
  const { commands, workspace, trans } = context;
  commands.addCommand(CommandIDs.runTrigger, {
    label: trans.__('Run Now'),
    caption: trans.__('Run its pipeline now, with its variables'),
    icon: runIcon,
    describedBy: TRIGGER_ARGS,
    execute: args =>
      orTell(async () => {
        const trigger = find(context, args);
        if (trigger) {
          const run = await request<IRun>(['triggers', trigger.id, 'run'], {
            method: 'POST',
            body: {}
          });
          await commands.execute(CommandIDs.openRun, { run: run.id });
        }
      })
  });
  commands.addCommand(CommandIDs.toggleTrigger, {
    label: args =>
      find(context, args)?.enabled
        ? trans.__('Switch Off')
        : trans.__('Switch On'),
    describedBy: TRIGGER_ARGS,
    execute: args =>
      orTell(async () => {
        const trigger = find(context, args);
        if (trigger) {
          await request(['triggers', trigger.id], {
            method: 'PATCH',
            body: { enabled: !trigger.enabled }
          });
          await workspace.refresh();
        }
      })
  });
  commands.addCommand(CommandIDs.deleteTrigger, {
    label: trans.__('Delete Trigger…'),
    icon: deleteIcon,
    describedBy: TRIGGER_ARGS,
    execute: args => orTell(() => deleteTrigger(context, find(context, args)))
  });
}

async function deleteTrigger(
  { workspace, trans }: ITriggersContext,
  trigger: ITrigger | undefined
): Promise<void> {
  if (!trigger) {
    return;
  }
  const lines = [
    trans.__(
      'It will not run “%1” any more (%2).',
      trigger.pipeline,
      trigger.words
    ),
    trans.__('Its runs and what they stored stay.')
  ];
  if (trigger.source === 'file') {
    lines.push(trans.__('It is removed from triggers.yaml too.'));
  }
  const result = await showDialog({
    title: trans.__('Delete the trigger “%1”?', trigger.name),
    body: lines.join(' '),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Delete the trigger') })
    ],
    defaultButton: 0
  });
  if (result.button.accept) {
    await request(['triggers', trigger.id], { method: 'DELETE' });
    await workspace.refresh();
  }
}

/** The page and the commands that open it. */
function addPage(
  app: JupyterFrontEnd,
  context: ITriggersContext,
  restorer: ILayoutRestorer | null
): void {
  const { commands, trans } = context;
  const tracker = new WidgetTracker<MainAreaWidget<TriggersPage>>({
    namespace: 'mage-triggers'
  });
  const open = async (
    view: View | null
  ): Promise<MainAreaWidget<TriggersPage>> => {
    let widget = tracker.find(() => true);
    if (!widget) {
      const content = new TriggersPage(context);
      widget = addTab(
        app,
        tracker,
        content,
        'mage-triggers',
        content.viewChanged
      );
    }
    app.shell.activateById(widget.id);
    if (view) {
      await widget.content.open(view);
    }
    return widget;
  };
  const place = (
    args: ReadonlyPartialJSONObject
  ): { project: string; pipeline: string } => ({
    project: textArg(args, 'project') ?? '',
    pipeline: textArg(args, 'pipeline') ?? ''
  });

  commands.addCommand(CommandIDs.openTriggers, {
    label: args =>
      textArg(args, 'pipeline') || textArg(args, 'project')
        ? trans.__('Show Triggers')
        : trans.__('Show All Triggers'),
    icon: triggerIcon,
    describedBy: PLACE_ARGS,
    execute: args => {
      const at = place(args);
      const narrow = at.project || at.pipeline;
      return open(narrow ? { kind: 'list', ...at } : null);
    }
  });
  commands.addCommand(CommandIDs.newTrigger, {
    label: trans.__('New Trigger…'),
    caption: trans.__('Run a pipeline on a schedule'),
    icon: addIcon,
    describedBy: PLACE_ARGS,
    execute: args => open({ kind: 'new', ...place(args) })
  });
  commands.addCommand(CommandIDs.editTrigger, {
    label: trans.__('Edit Trigger…'),
    icon: editIcon,
    describedBy: TRIGGER_ARGS,
    execute: args => {
      const trigger = textArg(args, 'trigger');
      return open(trigger ? { kind: 'edit', trigger } : null);
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openTriggers,
    args: ({ content }) =>
      content.view.kind === 'list'
        ? { project: content.view.project, pipeline: content.view.pipeline }
        : {},
    name: () => 'triggers'
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:triggers',
  description: 'The page of triggers.',
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
    addTriggerCommands(context);
    addPage(app, context, restorer);
    const category = trans.__('Mage');
    palette?.addItem({ command: CommandIDs.openTriggers, category });
    palette?.addItem({ command: CommandIDs.newTrigger, category });
  }
};

export default plugin;
