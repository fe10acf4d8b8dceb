import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { isActive } from '../model/changes';
import type { Row } from './rows';

type Entry = [string, ReadonlyJSONObject] | null;

/** The arguments that name a row to commands. */
export function argsOf(row: Row): ReadonlyJSONObject {
  switch (row.kind) {
    case 'project':
      return { project: row.project.slug };
    case 'pipeline':
      return { project: row.pipeline.project, pipeline: row.pipeline.id };
    case 'trigger':
      return { trigger: row.trigger.id };
    case 'run':
      return { run: row.run.id };
    case 'problem':
      return {
        project: row.project,
        file: row.problem.file ?? '',
        line: row.problem.line ?? 1
      };
    default:
      return {};
  }
}

function entriesOf(row: Row): Entry[] {
  const args = argsOf(row);
  switch (row.kind) {
    case 'project':
      return [
        [CommandIDs.newPipeline, args],
        [CommandIDs.importNotebook, args],
        null,
        [CommandIDs.openRuns, args],
        [CommandIDs.openTriggers, args],
        null,
        [CommandIDs.openConnections, args],
        [CommandIDs.manageSecrets, args],
        [CommandIDs.manageDataProducts, args],
        [CommandIDs.showRequirements, args],
        null,
        [CommandIDs.importHistory, args]
      ];
    case 'pipeline':
      return [
        [CommandIDs.openPipeline, args],
        [CommandIDs.openPipeline, { ...args, canvas: true }],
        null,
        [CommandIDs.runPipeline, args],
        [CommandIDs.runPipeline, { ...args, ask: true }],
        null,
        [CommandIDs.newTrigger, args],
        [CommandIDs.openTriggers, args],
        [CommandIDs.openRuns, args],
        null,
        [CommandIDs.renamePipeline, args],
        [CommandIDs.duplicatePipeline, args],
        [CommandIDs.savePipelineTemplate, args],
        [CommandIDs.deletePipeline, args],
        null,
        [CommandIDs.copyPipelinePath, args],
        [CommandIDs.importHistory, { project: row.pipeline.project }],
        [CommandIDs.showRequirements, { project: row.pipeline.project }]
      ];
    case 'trigger':
      return [
        [CommandIDs.editTrigger, args],
        [CommandIDs.toggleTrigger, args],
        [CommandIDs.runTrigger, args],
        null,
        [CommandIDs.openRuns, { trigger: row.trigger.id }],
        null,
        [CommandIDs.deleteTrigger, args]
      ];
    case 'run':
      return [
        [CommandIDs.openRun, args],
        null,
        isActive(row.run.state)
          ? [CommandIDs.cancelRun, args]
          : [CommandIDs.retryRun, args],
        [
          CommandIDs.openPipeline,
          { project: row.run.project, pipeline: row.run.pipeline }
        ]
      ];
    case 'section':
      return row.section === 'triggers'
        ? [
            [CommandIDs.openTriggers, {}],
            [CommandIDs.newTrigger, {}]
          ]
        : [[CommandIDs.openRuns, {}]];
    case 'problem':
      return [[CommandIDs.openProblem, args]];
    case 'link':
      return [
        [row.to === 'runs' ? CommandIDs.openRuns : CommandIDs.newTrigger, {}]
      ];
    case 'empty':
      return [];
  }
}

/** Open the context menu of a row. */
export function openMenu(
  row: Row,
  commands: CommandRegistry,
  x: number,
  y: number
): void {
  const menu = new MenuSvg({ commands });
  for (const entry of entriesOf(row)) {
    if (!entry) {
      menu.addItem({ type: 'separator' });
    } else if (commands.hasCommand(entry[0])) {
      menu.addItem({ command: entry[0], args: entry[1] });
    }
  }
  if (menu.items.length) {
    menu.aboutToClose.connect(() => {
      // The chosen command runs after the menu closed.
      setTimeout(() => menu.dispose(), 0);
    });
    menu.open(x, y);
  } else {
    menu.dispose();
  }
}
