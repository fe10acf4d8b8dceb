import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { request } from '../api/request';
import type { IRows } from '../api/types';
import type { PipelineDocument } from '../model/pipelineDocument';
import { type ITrial, tryConnection } from '../model/trial';
import { slug } from '../model/slug';
import { isStep } from '../ui/blockTypes';
import {
  AreaField,
  ChoiceField,
  formDialog,
  mappingOf,
  mappingText,
  TextField
} from '../ui/form';
import { ChartFields } from './chartFields';
import { ProductField } from './dataProducts';
import { connectorOf } from '../ui/providers';
import { TrialLine } from '../ui/trialLine';

interface IBlockForm {
  retries: string;
  delay: string;
  timeout: string;
  upstream: readonly string[];
  executor: string;
  executorConfig: string;
  configuration: string;
}

const EXECUTORS = [
  '',
  'local_python',
  'k8s',
  'ecs',
  'gcp_cloud_run',
  'pyspark'
];

/** The form of a block's settings. */
export async function editBlock(
  document: PipelineDocument,
  id: string,
  trans: TranslationBundle
): Promise<void> {
  const data = document.metadata(id);
  if (!data) {
    return;
  }
  const retry = data.retry_config ?? {};
  const before: IBlockForm = {
    retries: text(retry['retries']),
    delay: text(retry['delay']),
    timeout: text(data.timeout),
    upstream: data.upstream,
    executor: data.executor_type ?? '',
    executorConfig: mappingText(data.executor_config),
    configuration: mappingText(data.configuration)
  };
  const columns = data.type === 'chart' ? await columnsAbove(document, id) : [];
  const form = await formDialog<IBlockForm>({
    title: trans.__('Settings of “%1”', data.name),
    accept: trans.__('Apply'),
    trans,
    value: before,
    fault: value => faultOf(value, trans),
    fields: (value, change) => (
      <BlockFields
        value={value}
        change={change}
        trans={trans}
        step={isStep(data.type)}
        type={data.type}
        project={document.project}
        columns={columns}
        sql={data.language === 'sql' ? document : undefined}
        nameOf={other => document.metadata(other)?.name ?? other}
      />
    )
  });
  if (!form || document.readOnly) {
    return;
  }
  const changes: Record<string, unknown> = {};
  if (form.retries !== before.retries || form.delay !== before.delay) {
    changes['retry_config'] = retryOf(retry, form);
  }
  if (form.timeout !== before.timeout) {
    changes['timeout'] = numberOf(form.timeout);
  }
  if (form.upstream.join('\n') !== before.upstream.join('\n')) {
    changes['upstream'] = [...form.upstream];
  }
  if (form.executor !== before.executor) {
    changes['executor_type'] = form.executor || null;
  }
  if (form.executorConfig !== before.executorConfig) {
    changes['executor_config'] = mappingOf(form.executorConfig) ?? null;
  }
  if (form.configuration !== before.configuration) {
    changes['configuration'] = mappingOf(form.configuration) ?? {};
  }
  if (Object.keys(changes).length) {
    document.changeBlock(id, changes);
  }
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** An emptied field means "not set", never 0. */
function numberOf(value: string): number | null {
  return value.trim() === '' ? null : Number(value);
}

function retryOf(
  before: Record<string, unknown>,
  form: IBlockForm
): Record<string, unknown> | null {
  const config = { ...before };
  for (const [key, value] of [
    ['retries', form.retries],
    ['delay', form.delay]
  ]) {
    const number = numberOf(value);
    if (number === null) {
      delete config[key];
    } else {
      config[key] = number;
    }
  }
  return Object.keys(config).length ? config : null;
}

function faultOf(value: IBlockForm, trans: TranslationBundle): string | null {
  for (const field of [value.retries, value.delay, value.timeout]) {
    const number = numberOf(field);
    if (number !== null && !(number >= 0)) {
      return trans.__('“%1” is not a number of 0 or more.', field);
    }
  }
  if (!/^\d*$/.test(value.retries.trim())) {
    return trans.__('The number of retries must be whole.');
  }
  if (mappingOf(value.executorConfig) === undefined) {
    return trans.__('The executor configuration is not a JSON object.');
  }
  if (mappingOf(value.configuration) === undefined) {
    return trans.__('The configuration is not a JSON object.');
  }
  return null;
}

function BlockFields(props: {
  value: IBlockForm;
  change: (value: IBlockForm) => void;
  trans: TranslationBundle;
  step: boolean;
  type: string;
  project: string;
  /** Of the table that a chart is drawn of. */
  columns: readonly string[];
  /** The pipeline, for a SQL block: its connection can be tried. */
  sql?: PipelineDocument;
  nameOf: (id: string) => string;
}): React.JSX.Element {
  const { value, change, trans } = props;
  const configuration = mappingOf(value.configuration);
  const configure = (next: Record<string, unknown>): void =>
    change({ ...value, configuration: mappingText(next) });
  return (
    <>
      {props.type === 'chart' && configuration !== undefined ? (
        <ChartFields
          value={configuration ?? {}}
          columns={props.columns}
          trans={trans}
          onChange={configure}
        />
      ) : null}
      {props.type === 'global_data_product' && configuration !== undefined ? (
        <ProductField
          project={props.project}
          value={configuration ?? {}}
          trans={trans}
          onChange={configure}
        />
      ) : null}
      {props.step ? (
        <div className="mage-Form-columns">
          <TextField
            label={trans.__('Retries')}
            hint={trans.__('Empty: as the pipeline says')}
            type="number"
            value={value.retries}
            onChange={retries => change({ ...value, retries })}
          />
          <TextField
            label={trans.__('Seconds between')}
            type="number"
            value={value.delay}
            onChange={delay => change({ ...value, delay })}
          />
          <TextField
            label={trans.__('Timeout in seconds')}
            hint={trans.__('Empty: none')}
            type="number"
            value={value.timeout}
            onChange={timeout => change({ ...value, timeout })}
          />
        </div>
      ) : null}
      {value.upstream.length > 1 ? (
        <UpstreamOrder
          upstream={value.upstream}
          nameOf={props.nameOf}
          trans={trans}
          onChange={upstream => change({ ...value, upstream })}
        />
      ) : null}
      {props.step ? (
        <>
          <ChoiceField
            label={trans.__('Executor')}
            hint={trans.__('Where scheduled runs execute this block')}
            value={value.executor}
            choices={[...new Set([...EXECUTORS, value.executor])].map(name => [
              name,
              name || trans.__('as the pipeline says')
            ])}
            onChange={executor => change({ ...value, executor })}
          />
          <AreaField
            label={trans.__('Executor configuration (JSON)')}
            code
            rows={3}
            invalid={mappingOf(value.executorConfig) === undefined}
            value={value.executorConfig}
            onChange={executorConfig => change({ ...value, executorConfig })}
          />
        </>
      ) : null}
      <AreaField
        label={trans.__('Configuration (JSON)')}
        hint={trans.__('What the block reads as its configuration')}
        code
        rows={6}
        invalid={mappingOf(value.configuration) === undefined}
        value={value.configuration}
        onChange={configuration => change({ ...value, configuration })}
      />
      {props.sql ? (
        <TryConnection
          document={props.sql}
          configuration={mappingOf(value.configuration) ?? {}}
          trans={trans}
        />
      ) : null}
    </>
  );
}

/** The columns of the table that a chart is drawn of, as the block above left it. */
async function columnsAbove(
  document: PipelineDocument,
  id: string
): Promise<string[]> {
  const above = document.block(document.block(id)?.upstream[0] ?? '');
  const table = above?.status.outputs.find(item => item.kind === 'table');
  if (!above || !table) {
    return [];
  }
  try {
    const rows = await request<IRows>(
      [
        'products',
        document.project,
        document.slug,
        slug(above.id),
        table.name,
        'rows'
      ],
      { query: { limit: 1 } }
    );
    return rows.columns.map(column => column.name);
  } catch {
    return [];
  }
}

/** The order of upstream blocks is the order of the function's arguments. */
function UpstreamOrder(props: {
  upstream: readonly string[];
  nameOf: (id: string) => string;
  trans: TranslationBundle;
  onChange: (upstream: string[]) => void;
}): React.JSX.Element {
  const { upstream, trans } = props;
  const move = (index: number, by: number): void => {
    const order = [...upstream];
    const [id] = order.splice(index, 1);
    order.splice(index + by, 0, id);
    props.onChange(order);
  };
  return (
    <div className="mage-Form-field" role="group">
      <span>{trans.__('Order of the inputs')}</span>
      <ol className="mage-Order">
        {upstream.map((id, index) => (
          <li key={id}>
            <span>{props.nameOf(id)}</span>
            {([-1, 1] as const).map(by => (
              <button
                key={by}
                type="button"
                className="mage-IconButton"
                disabled={index + by < 0 || index + by >= upstream.length}
                aria-label={
                  by < 0
                    ? trans.__('Move “%1” up', props.nameOf(id))
                    : trans.__('Move “%1” down', props.nameOf(id))
                }
                onClick={() => move(index, by)}
              >
                {by < 0 ? (
                  <caretUpIcon.react tag="span" />
                ) : (
                  <caretDownIcon.react tag="span" />
                )}
              </button>
            ))}
          </li>
        ))}
      </ol>
      <span className="mage-Form-hint">
        {trans.__('The function gets their outputs in this order.')}
      </span>
    </div>
  );
}

/** Try the connection that a SQL block's configuration names. */
function TryConnection(props: {
  document: PipelineDocument;
  configuration: Record<string, unknown>;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { document, configuration, trans } = props;
  const [trial, setTrial] = React.useState<ITrial | null>(null);
  const connector = connectorOf(configuration['data_provider']);
  if (!connector) {
    return null;
  }
  const profile = String(configuration['data_provider_profile'] || 'default');
  const tryOut = async (): Promise<void> => {
    const stop = new AbortController();
    setTrial({ stop });
    try {
      const result = await tryConnection(
        {
          project: document.project,
          pipeline: document.pipeline,
          kernel: document.panel.sessionContext.session?.kernel?.name,
          profile,
          connector
        },
        stop.signal
      );
      setTrial({ result });
    } catch (error) {
      setTrial({
        error: stop.signal.aborted
          ? trans.__('Cancelled.')
          : (error as Error).message
      });
    }
  };
  return (
    <div>
      <button
        type="button"
        className="mage-Button"
        disabled={!!trial?.stop}
        onClick={() => void tryOut()}
      >
        {trans.__('Test the connection “%1”', profile)}
      </button>
      {trial ? <TrialLine trial={trial} trans={trans} /> : null}
    </div>
  );
}
