import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon, editIcon, runIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ITrigger } from '../api/types';
import { CommandIDs } from '../commands';
import type { IWorkspace } from '../tokens';
import { pipelineName } from '../model/pipelineName';
import { StateBadge } from '../ui/state';
import { OnOff } from './switch';
import { outlookOf } from './words';

const TICK_MS = 20_000;

export interface ITriggerListProps {
  triggers: readonly ITrigger[];
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function LastRun(
  props: ITriggerListProps & { trigger: ITrigger }
): JSX.Element | null {
  const { trigger, commands, trans } = props;
  const { last_run: run, last_state: state } = trigger;
  if (!run || !state) {
    return (
      <span className="mage-Form-hint">{trans.__('It has not run yet.')}</span>
    );
  }
  return (
    <button
      className="mage-Link mage-Trigger-last"
      onClick={() => void commands.execute(CommandIDs.openRun, { run })}
    >
      {trans.__('Last run:')} <StateBadge state={state} trans={trans} word />
    </button>
  );
}

function Trigger(
  props: ITriggerListProps & { trigger: ITrigger }
): JSX.Element {
  const { trigger, workspace, commands, trans } = props;
  const outlook = outlookOf(trigger, workspace.health, trans);
  const args = { trigger: trigger.id };
  const run = (command: string): void => void commands.execute(command, args);
  const missing = !workspace.pipelines.some(
    item => item.project === trigger.project && item.id === trigger.pipeline
  );
  return (
    <li className="mage-Trigger" data-on={trigger.enabled}>
      <OnOff
        on={trigger.enabled}
        label={trans.__('Trigger %1', trigger.name)}
        trans={trans}
        onChange={() => run(CommandIDs.toggleTrigger)}
      />
      <div className="mage-Trigger-text">
        <div className="mage-Trigger-title">
          <button
            className="mage-Link"
            onClick={() => run(CommandIDs.editTrigger)}
          >
            {trigger.name}
          </button>
          <span className="mage-Form-hint">
            {trans.__(
              'runs %1',
              pipelineName(workspace, trigger.project, trigger.pipeline)
            )}
          </span>
          {trigger.source === 'file' && (
            <span className="mage-Badge">{trans.__('from triggers.yaml')}</span>
          )}
        </div>
        <div>{trigger.words}</div>
        <div className="mage-Trigger-outlook" data-will={outlook.will}>
          {missing
            ? trans.__(
                'Will not run: there is no pipeline “%1” any more.',
                trigger.pipeline
              )
            : outlook.words}
        </div>
        {trigger.ignored.length > 0 && (
          <div className="mage-Form-hint">
            {trans.__(
              'Without effect here: %1 (kept in the file for Mage).',
              trigger.ignored.join(', ')
            )}
          </div>
        )}
        <LastRun {...props} />
      </div>
      <div className="mage-Trigger-actions">
        <button
          className="mage-Button mage-mod-small"
          onClick={() => run(CommandIDs.runTrigger)}
        >
          <runIcon.react tag="span" />
          {trans.__('Run now')}
        </button>
        <button
          className="mage-IconButton"
          title={trans.__('Edit')}
          aria-label={trans.__('Edit %1', trigger.name)}
          onClick={() => run(CommandIDs.editTrigger)}
        >
          <editIcon.react tag="span" />
        </button>
        <button
          className="mage-IconButton"
          title={trans.__('Delete…')}
          aria-label={trans.__('Delete %1', trigger.name)}
          onClick={() => run(CommandIDs.deleteTrigger)}
        >
          <deleteIcon.react tag="span" />
        </button>
      </div>
    </li>
  );
}

/** The triggers: what they do, whether they will, how they last went. */
export function TriggerList(props: ITriggerListProps): JSX.Element {
  // "in 5 min" comes nearer without an event.
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const timer = window.setInterval(tick, TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <ul className="mage-TriggerList">
      {props.triggers.map(trigger => (
        <Trigger key={trigger.id} {...props} trigger={trigger} />
      ))}
    </ul>
  );
}
