import { refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { JSONObject } from '@lumino/coreutils';
import React from 'react';

import type { IRun } from '../api/types';
import { CommandIDs } from '../commands';
import { isActive } from '../model/changes';
import { pipelineName } from '../model/pipelineName';
import { StateBadge } from '../ui/state';
import { formatExact, secondsBetween } from '../ui/time';
import { retryFrom } from './children';
import type { IRunsContext } from './context';
import { reasonOf } from './context';
import { Duration, Late } from './runTable';

/** States that a person must hear of. */
const GRAVE: ReadonlySet<string> = new Set(['failed', 'interrupted', 'missed']);

interface IHeaderProps extends IRunsContext {
  run: IRun;
  usual: number | null;
}

function Actions(props: IHeaderProps): JSX.Element {
  const { run, commands, trans } = props;
  const active = isActive(run.state);
  const failed = retryFrom(run.steps);
  const retriable = !active && run.state !== 'completed';
  return (
    <div className="mage-Run-actions">
      {active && (
        <button
          className="mage-Button"
          disabled={run.state === 'cancelling'}
          onClick={() =>
            void commands.execute(CommandIDs.cancelRun, { run: run.id })
          }
        >
          <stopIcon.react tag="span" />
          {run.state === 'cancelling'
            ? trans.__('Cancelling…')
            : trans.__('Cancel')}
        </button>
      )}
      {retriable && (
        <button
          className="mage-Button mage-mod-accept"
          title={trans.__(
            'Runs what did not complete again, in this run, with the files as they are now'
          )}
          onClick={() =>
            void commands.execute(CommandIDs.retryRun, {
              run: run.id,
              ...(failed ? { block: failed.block } : {})
            })
          }
        >
          <refreshIcon.react tag="span" />
          {failed
            ? trans.__('Retry from “%1”', failed.name)
            : trans.__('Retry')}
        </button>
      )}
      {!active && (
        <button
          className="mage-Button"
          title={trans.__('A new run, with the files as they are now')}
          onClick={() =>
            void commands.execute(CommandIDs.runPipeline, {
              project: run.project,
              pipeline: run.pipeline,
              // They came as JSON and go as JSON.
              variables: run.variables as JSONObject
            })
          }
        >
          <runIcon.react tag="span" />
          {trans.__('Run again')}
        </button>
      )}
      <button
        className="mage-Button"
        onClick={() =>
          void commands.execute(CommandIDs.openPipeline, {
            project: run.project,
            pipeline: run.pipeline
          })
        }
      >
        {trans.__('Open the pipeline')}
      </button>
    </div>
  );
}

function Fact(props: {
  name: string;
  children: React.ReactNode;
}): JSX.Element | null {
  return props.children ? (
    <div className="mage-Run-fact">
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  ) : null;
}

/** A holder of the server's token has no name of its own. */
function userName(
  user: string | null,
  trans: IHeaderProps['trans']
): string | null {
  return user === 'token' ? trans.__('a holder of the server’s token') : user;
}

/** Whether it started long after it was asked for: it was queued, or retried. */
function waited(run: IRun): boolean {
  const seconds = secondsBetween(run.created, run.started);
  return run.started !== null && seconds !== null && seconds > 30;
}

function Facts(props: IHeaderProps): JSX.Element {
  const { run, usual, commands, trans } = props;
  const time = (iso: string | null): React.ReactNode =>
    iso && <time dateTime={iso}>{formatExact(iso)}</time>;
  const variables = Object.keys(run.variables).length
    ? JSON.stringify(run.variables)
    : null;
  const { trigger } = run;
  return (
    <dl className="mage-Run-facts">
      <Fact name={trans.__('Why')}>
        {trigger ? (
          <button
            className="mage-Link"
            onClick={() =>
              void commands.execute(CommandIDs.editTrigger, { trigger })
            }
          >
            {reasonOf(run, trans)}
          </button>
        ) : (
          reasonOf(run, trans)
        )}
      </Fact>
      <Fact name={trans.__('By')}>{userName(run.user, trans)}</Fact>
      <Fact name={trans.__('Logical date')}>{time(run.fire_time)}</Fact>
      {waited(run) && (
        <Fact name={trans.__('Asked for')}>{time(run.created)}</Fact>
      )}
      <Fact name={trans.__('Started')}>{time(run.started)}</Fact>
      <Fact name={trans.__('Ended')}>{time(run.ended)}</Fact>
      <Fact name={trans.__('Duration')}>
        {run.started && <Duration run={run} usual={usual} trans={trans} />}
      </Fact>
      <Fact name={trans.__('Variables')}>
        {variables && <code>{variables}</code>}
      </Fact>
      <Fact name={trans.__('Blocks')}>{run.blocks?.join(', ')}</Fact>
      <Fact name={trans.__('Kernel')}>{run.kernel}</Fact>
      <Fact name={trans.__('Folder')}>{run.cwd && <code>{run.cwd}</code>}</Fact>
      <Fact name={trans.__('Code')}>
        {run.code_hash && (
          <code title={run.code_hash}>{run.code_hash.slice(0, 12)}</code>
        )}
      </Fact>
      <Fact name={trans.__('Run')}>
        <code>{run.id}</code>
      </Fact>
    </dl>
  );
}

/** What a run is: its state in words, why, with what, and what can be done. */
export function RunHeader(props: IHeaderProps): JSX.Element {
  const { run, trans } = props;
  return (
    <header className="mage-Run-header">
      <div className="mage-Run-title">
        <h2>{pipelineName(props.workspace, run.project, run.pipeline)}</h2>
        <StateBadge state={run.state} trans={trans} word />
        <Late run={run} trans={trans} />
        <Actions {...props} />
      </div>
      {run.error && (
        <p
          className={
            GRAVE.has(run.state)
              ? 'mage-Message mage-Run-error'
              : 'mage-Run-why'
          }
        >
          {run.error}
        </p>
      )}
      {run.why && run.why !== run.error && (
        <p className="mage-Run-why">{run.why}</p>
      )}
      <Facts {...props} />
    </header>
  );
}
