import {
  Dialog,
  Notification,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { request } from '../api/request';
import type { IPipeline, IPipelineSummary, IRun } from '../api/types';
import { CommandIDs } from '../commands';
import { isActive } from '../model/changes';
import type { IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { choosePipeline, textArg } from '../ui/choosePipeline';
import { fetchForms } from '../ui/interactionsForm';
import { askVariables } from '../ui/variablesDialog';

interface ICommandContext {
  commands: CommandRegistry;
  workspace: IWorkspace;
  trans: TranslationBundle;
}

async function start(
  { commands, trans }: ICommandContext,
  pipeline: IPipelineSummary,
  variables: ReadonlyPartialJSONObject
): Promise<IRun | undefined> {
  try {
    const run = await request<IRun>(['runs'], {
      method: 'POST',
      body: { project: pipeline.project, pipeline: pipeline.id, variables }
    });
    await commands.execute(CommandIDs.openRun, { run: run.id });
    return run;
  } catch (error) {
    await showErrorMessage(
      trans.__('“%1” was not started', pipeline.name),
      error as Error
    );
    return undefined;
  }
}

async function runPipeline(
  context: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<IRun | undefined> {
  const { workspace, trans } = context;
  const pipeline = await choosePipeline(
    workspace,
    args,
    trans.__('Run a pipeline now'),
    trans
  );
  if (!pipeline) {
    return undefined;
  }
  let variables = (args['variables'] ?? {}) as ReadonlyPartialJSONObject;
  if (args['ask']) {
    try {
      const full = await request<IPipeline>([
        'projects',
        pipeline.project,
        'pipelines',
        pipeline.slug
      ]);
      const asked = await askVariables({
        title: trans.__('Run “%1” with variables', pipeline.name),
        hint: trans.__(
          'These values are for this run only; the pipeline’s own stay as they are.'
        ),
        ok: trans.__('Run now'),
        values: { ...full.variables, ...variables },
        forms: await fetchForms(pipeline.project, pipeline.slug),
        trans
      });
      if (!asked) {
        return undefined;
      }
      variables = asked as ReadonlyPartialJSONObject;
    } catch (error) {
      await showErrorMessage(
        trans.__('“%1” was not started', pipeline.name),
        error as Error
      );
      return undefined;
    }
  }
  return start(context, pipeline, variables);
}

async function cancelRun(
  { trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const run = textArg(args, 'run');
  if (!run) {
    return;
  }
  if (!args['quiet']) {
    const result = await showDialog({
      title: trans.__('Cancel this run?'),
      body: trans.__(
        'Blocks that are running are stopped; what completed blocks have stored stays.'
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Let it run') }),
        Dialog.warnButton({ label: trans.__('Cancel the run') })
      ]
    });
    if (!result.button.accept) {
      return;
    }
  }
  try {
    await request<IRun>(['runs', run, 'cancel'], { method: 'POST', body: {} });
  } catch (error) {
    Notification.error(
      trans.__('The run was not cancelled: %1', (error as Error).message),
      { autoClose: 6000 }
    );
  }
}

async function retryRun(
  { trans }: ICommandContext,
  args: ReadonlyPartialJSONObject
): Promise<void> {
  const run = textArg(args, 'run');
  if (!run) {
    return;
  }
  try {
    await request<IRun>(['runs', run, 'retry'], {
      method: 'POST',
      body: { from_block: textArg(args, 'block') }
    });
  } catch (error) {
    Notification.error(
      trans.__('The run was not retried: %1', (error as Error).message),
      { autoClose: 6000 }
    );
  }
}

/** Register the commands that start, stop and repeat runs. */
export function addRunCommands(context: ICommandContext): void {
  const { commands, workspace, trans } = context;
  commands.addCommand(CommandIDs.runPipeline, {
    label: args =>
      args['ask']
        ? trans.__('Run with Variables…')
        : textArg(args, 'pipeline')
          ? trans.__('Run Now')
          : trans.__('Run a Pipeline Now…'),
    caption: trans.__('Run a saved pipeline in the background'),
    icon: args => (args['ask'] ? undefined : runIcon),
    describedBy: argsSchema({
      project: 'string',
      pipeline: 'string',
      variables: 'object',
      ask: 'boolean'
    }),
    execute: args => runPipeline(context, args)
  });
  commands.addCommand(CommandIDs.cancelRun, {
    label: trans.__('Cancel Run'),
    icon: stopIcon,
    describedBy: argsSchema({ run: 'string', quiet: 'boolean' }),
    execute: args => cancelRun(context, args)
  });
  commands.addCommand(CommandIDs.retryRun, {
    label: trans.__('Retry Run'),
    caption: trans.__('Run again what did not complete'),
    icon: refreshIcon,
    describedBy: argsSchema({ run: 'string', block: 'string' }),
    isEnabled: args => {
      const run = workspace.runs.find(item => item.id === args['run']);
      return !run || !isActive(run.state);
    },
    execute: args => retryRun(context, args)
  });
}
