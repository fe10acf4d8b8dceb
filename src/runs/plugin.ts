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
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { runsIcon } from '../icons';
import { IWorkspace } from '../tokens';
import { argsSchema } from '../ui/argsSchema';
import { textArg } from '../ui/choosePipeline';
import { addTab } from '../ui/mainTab';
import { addRunCommands } from './commands';
import type { IRunsContext } from './context';
import { filtersFrom, isFiltered } from './filters';
import { RunsPage } from './listPage';
import type { IRunPageOptions, RunTab } from './runPage';
import { RunPage } from './runPage';
import { watchFailures } from './toasts';

const SETTINGS = 'mage-jlab:plugin';

type RunsTracker = WidgetTracker<MainAreaWidget<RunsPage>>;
type RunTracker = WidgetTracker<MainAreaWidget<RunPage>>;

/** The one page that lists runs. */
function addRunsPage(
  app: JupyterFrontEnd,
  context: IRunsContext,
  restorer: ILayoutRestorer | null
): void {
  const { trans } = context;
  const tracker: RunsTracker = new WidgetTracker({ namespace: 'mage-runs' });
  app.commands.addCommand(CommandIDs.openRuns, {
    label: args =>
      textArg(args, 'pipeline') ||
      textArg(args, 'trigger') ||
      textArg(args, 'project')
        ? trans.__('Show Runs')
        : args['launcher']
          ? trans.__('Runs')
          : trans.__('Show All Runs'),
    caption: trans.__('Runs of pipelines, past and present'),
    icon: runsIcon,
    describedBy: argsSchema({
      project: 'string',
      pipeline: 'string',
      state: 'string',
      trigger: 'string',
      text: 'string'
    }),
    execute: args => {
      let widget = tracker.find(() => true);
      if (!widget || widget.isDisposed) {
        const content = new RunsPage(context, args);
        const { filtersChanged } = content;
        widget = addTab(app, tracker, content, 'mage-runs', filtersChanged);
      } else if (isFiltered(filtersFrom(args))) {
        widget.content.filters = filtersFrom(args);
      }
      app.shell.activateById(widget.id);
      return widget;
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openRuns,
    args: widget => ({ ...widget.content.filters }),
    name: () => 'runs'
  });
}

/** One page for each run. */
function addRunPages(
  app: JupyterFrontEnd,
  context: IRunsContext,
  parts: Pick<IRunPageOptions, 'translator' | 'languages'>,
  restorer: ILayoutRestorer | null
): RunTracker {
  const { trans } = context;
  const tracker: RunTracker = new WidgetTracker({ namespace: 'mage-run' });
  const open = (args: ReadonlyPartialJSONObject): unknown => {
    const run = textArg(args, 'run');
    if (!run) {
      return app.commands.execute(CommandIDs.openRuns);
    }
    let widget = tracker.find(item => item.content.runId === run);
    if (!widget) {
      const content = new RunPage({
        ...context,
        ...parts,
        run,
        tab: textArg(args, 'tab') as RunTab | null
      });
      const id = `mage-run-${run}`;
      widget = addTab(app, tracker, content, id, content.tabChanged);
    }
    app.shell.activateById(widget.id);
    return widget;
  };
  app.commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Open Run'),
    icon: runsIcon,
    describedBy: argsSchema({ run: 'string', tab: 'string' }),
    execute: open
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openRun,
    args: ({ content }) => ({ run: content.runId, tab: content.tab ?? '' }),
    name: widget => widget.content.runId
  });
  return tracker;
}

function addToasts(
  app: JupyterFrontEnd,
  context: IRunsContext,
  tracker: RunTracker,
  registry: ISettingRegistry | null
): void {
  let wanted = true;
  if (registry) {
    registry
      .load(SETTINGS)
      .then(settings => {
        const apply = (): void => {
          wanted = settings.get('notifyFailedRuns').composite !== false;
        };
        settings.changed.connect(apply);
        apply();
      })
      .catch(console.warn);
  }
  watchFailures({
    workspace: context.workspace,
    trans: context.trans,
    isWanted: () => wanted,
    isSeen: run =>
      !document.hidden &&
      !!tracker.find(item => item.content.runId === run && item.isVisible),
    open: run => void app.commands.execute(CommandIDs.openRun, { run })
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:runs',
  description: 'The pages of runs.',
  autoStart: true,
  requires: [IWorkspace, IRenderMimeRegistry],
  optional: [
    ITranslator,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    ISettingRegistry,
    IEditorLanguageRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    workspace: IWorkspace,
    rendermime: IRenderMimeRegistry,
    someTranslator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    settings: ISettingRegistry | null,
    languages: IEditorLanguageRegistry | null
  ) => {
    const translator = someTranslator ?? nullTranslator;
    const trans = translator.load('mage_jlab');
    const { commands } = app;
    const context = { workspace, commands, trans, rendermime };
    addRunCommands(context);
    addRunsPage(app, context, restorer);
    const tracker = addRunPages(
      app,
      context,
      { translator, languages },
      restorer
    );
    addToasts(app, context, tracker, settings);
    const category = trans.__('Mage');
    palette?.addItem({ command: CommandIDs.openRuns, category });
    palette?.addItem({ command: CommandIDs.runPipeline, category });
    palette?.addItem({
      command: CommandIDs.runPipeline,
      category,
      args: { ask: true }
    });
    launcher?.add({
      command: CommandIDs.openRuns,
      category,
      rank: 2,
      args: { launcher: true }
    });
  }
};

export default plugin;
