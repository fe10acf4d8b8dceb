import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';

import { request } from '../api/request';
import type { IDbtModel, IPage } from '../api/types';
import { blockName, configurationOf, lineage } from '../model/dbtLineage';
import { idOf } from '../model/blockIds';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { ICommandsContext } from './commands';

/** Let a person choose a dbt model; it is added with the models it reads, connected. */
export async function addDbtModel(
  context: ICommandsContext,
  document: PipelineDocument,
  after: string | null,
  wanted?: string
): Promise<void> {
  const { trans } = context;
  const models = await listed(context, document);
  if (!models.length) {
    throw new Error(
      trans.__(
        'This project has no dbt model: put a dbt project into a folder below “dbt”.'
      )
    );
  }
  const chosen = wanted ?? (await choose(context, models));
  if (!models.some(model => model.path === chosen)) {
    return;
  }
  const there = new Map(document.blocks.map(block => [block.path, block.id]));
  const missing = lineage(models, chosen).filter(
    path => !there.has(`dbt/${path}`) && path !== chosen
  );
  const all = !missing.length || (await askForAll(context, missing));
  if (all === null) {
    return;
  }
  const added = all ? lineage(models, chosen) : [chosen];
  let last = after;
  for (const path of added) {
    last = await put(context, document, models, path, last);
  }
}

/** Ask for the place of a new model, and add it. */
export async function newDbtModel(
  context: ICommandsContext,
  document: PipelineDocument,
  after: string | null
): Promise<void> {
  const { trans } = context;
  const [first] = await listed(context, document);
  const folder = first?.path.replace(/[^/]*$/, '') ?? 'demo/models/';
  const result = await InputDialog.getText({
    title: trans.__('New dbt model'),
    label: trans.__(
      'File below “dbt”: the project, its folder of models, a name'
    ),
    text: folder,
    // The name is typed behind the folder, not instead of it.
    selectionRange: 0,
    okLabel: trans.__('Add')
  });
  const path = (result.value ?? '').trim().replace(/^\/|\.sql$/g, '');
  if (!result.button.accept || !path) {
    return;
  }
  if (!/^[^/]+\/.+\/[^/]+$/.test(path)) {
    throw new Error(
      trans.__(
        'A model lies in a dbt project, as in “%1”.',
        'demo/models/orders'
      )
    );
  }
  await document.addBlock({
    type: 'dbt',
    language: 'sql',
    name: path,
    template: 'dbt/sql',
    after
  });
}

async function listed(
  { app }: ICommandsContext,
  document: PipelineDocument
): Promise<IDbtModel[]> {
  const found: IDbtModel[] = [];
  let cursor: string | null = null;
  do {
    const page: IPage<IDbtModel> = await request<IPage<IDbtModel>>(
      ['projects', document.project, 'dbt-models'],
      { query: cursor ? { cursor } : {} },
      app.serviceManager.serverSettings
    );
    found.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return found;
}

async function choose(
  { trans }: ICommandsContext,
  models: readonly IDbtModel[]
): Promise<string> {
  const result = await InputDialog.getItem({
    title: trans.__('Add a dbt model'),
    label: trans.__('Model'),
    items: models.map(model => model.path),
    okLabel: trans.__('Add')
  });
  return result.button.accept ? (result.value ?? '') : '';
}

/** Whether the models that are read shall be added, too; null gives up. */
async function askForAll(
  { trans }: ICommandsContext,
  missing: readonly string[]
): Promise<boolean | null> {
  const { button } = await showDialog({
    title: trans.__('Add the models that it reads, too?'),
    body: missing.join(', '),
    buttons: [
      Dialog.cancelButton(),
      Dialog.createButton({
        label: trans.__('Only this one'),
        actions: ['only']
      }),
      Dialog.okButton({ label: trans.__('Add all') })
    ]
  });
  if (button.actions.includes('only')) {
    return false;
  }
  return button.accept ? true : null;
}

/** Put a model after a block, or find it; connect it with what it reads. */
async function put(
  { app, workspace }: ICommandsContext,
  document: PipelineDocument,
  models: readonly IDbtModel[],
  path: string,
  after: string | null
): Promise<string> {
  const model = models.find(item => item.path === path)!;
  const there = new Map(document.blocks.map(block => [block.path, block.id]));
  const tables = new Map(
    document.blocks.map(block => [`${document.pipeline}_${block.id}`, block.id])
  );
  const upstream = [
    ...model.sources.map(table => tables.get(table)),
    ...model.upstream.map(
      item =>
        there.get(`dbt/${item}`) ?? document.block(idOf(blockName(item)))?.id
    )
  ].filter((id): id is string => id !== undefined);
  const id =
    there.get(`dbt/${path}`) ?? document.block(idOf(blockName(path)))?.id;
  if (id !== undefined) {
    upstream.forEach(other => document.connect(other, id));
    return id;
  }
  const project = workspace?.projects.find(
    item => item.slug === document.project
  );
  const file = await app.serviceManager.contents.get(
    URLExt.join(project?.id ?? '', 'dbt', path).replace(/^\//, ''),
    { type: 'file', format: 'text', content: true }
  );
  return document.addBlock({
    type: 'dbt',
    language: 'sql',
    name: blockName(path),
    source: String(file.content).replace(/\n+$/, ''),
    configuration: configurationOf(model.project, path),
    upstream,
    after
  });
}
