import { Notification } from '@jupyterlab/apputils';
import {
  caretDownIcon,
  caretUpIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  fileIcon,
  historyIcon,
  refreshIcon,
  runIcon,
  settingsIcon
} from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands';
import { runStaleIcon } from '../icons';
import { roleOf } from '../model/blockIds';
import { downstreamOf, reachable } from '../model/order';
import type { PipelineDocument } from '../model/pipelineDocument';
import type { IBlockTemplate, IDataProduct } from '../api/types';
import type { IBlock, IPipelineDocument } from '../tokens';
import {
  ADDABLE_TYPES,
  blockLook,
  blockTypeLabel,
  isStep,
  languageLabel,
  takesInput
} from '../ui/blockTypes';
import type { IMenuEntries, IMenuEntry } from '../ui/menu';
import { fetchProducts } from '../ui/dataProducts';
import { freshnessText } from '../ui/freshness';
import { type INotebookParts, onBlock } from './context';
import { LANGUAGES, languagesFor } from './languages';

/** Show what went wrong with an edit where the person looks. */
export function warn(error: unknown): void {
  Notification.warning((error as Error).message, { autoClose: 6000 });
}

/** The ways to run from a block. */
export function runMenu(
  parts: INotebookParts,
  document: IPipelineDocument,
  block: IBlock
): IMenuEntries {
  const { trans } = parts;
  const entry = (
    label: string,
    command: string,
    icon = runIcon
  ): IMenuEntry => ({
    label,
    icon,
    run: () => onBlock(parts, command, document, block.id)
  });
  if (!isStep(block.type)) {
    return [entry(trans.__('Run this block'), CommandIDs.runBlock)];
  }
  return [
    ...dbtEntries(parts, document, block),
    entry(trans.__('Run this block'), CommandIDs.runBlock),
    entry(trans.__('Run with its upstream'), CommandIDs.runWithUpstream),
    entry(trans.__('Run from here'), CommandIDs.runFromHere),
    entry(trans.__('Run only its tests'), CommandIDs.runTests),
    'separator',
    entry(trans.__('Run with variables…'), CommandIDs.runWithVariables),
    entry(
      trans.__('Restart and run from here'),
      CommandIDs.restartAndRunFromHere,
      refreshIcon
    ),
    entry(trans.__('Run in a clean process'), CommandIDs.runInCleanProcess),
    'separator',
    entry(trans.__('Run what is stale'), CommandIDs.runStale, runStaleIcon)
  ];
}

/** What dbt can do with a model. */
function dbtEntries(
  parts: INotebookParts,
  document: IPipelineDocument,
  block: IBlock
): IMenuEntries {
  if (block.type !== 'dbt' || block.language !== 'sql') {
    return [];
  }
  const { trans } = parts;
  const entry = (label: string, caption: string, task: string): IMenuEntry => ({
    label,
    caption,
    icon: runIcon,
    run: () => onBlock(parts, CommandIDs.runDbt, document, block.id, { task })
  });
  return [
    entry(
      trans.__('Preview'),
      trans.__('Show the first rows; nothing is made'),
      'show'
    ),
    entry(
      trans.__('Compile'),
      trans.__('Show the SQL that would be run'),
      'compile'
    ),
    entry(
      trans.__('Run the model'),
      trans.__('Make its table or view, without tests'),
      'run'
    ),
    entry(trans.__('Test the model'), trans.__('Run its tests'), 'test'),
    entry(
      trans.__('Build the model'),
      trans.__('Make it and run its tests, as a run does'),
      'build'
    ),
    'separator'
  ];
}

/** What else can be done with a block. */
export function moreMenu(
  parts: INotebookParts,
  document: IPipelineDocument,
  block: IBlock
): IMenuEntries {
  const { trans } = parts;
  const editable = !document.readOnly;
  const entry = (
    label: string,
    command: string,
    icon: IMenuEntry['icon'],
    enabled = true
  ): IMenuEntry => ({
    label,
    icon,
    enabled,
    run: () => onBlock(parts, command, document, block.id)
  });
  const users = block.usedIn.map((pipeline): IMenuEntry => ({
    label: pipeline,
    run: () =>
      void parts.commands.execute(CommandIDs.openPipeline, {
        project: document.project,
        pipeline
      })
  }));
  const used: (IMenuEntry | 'separator')[] = users.length
    ? [
        {
          label: trans._n(
            'Also used in %1 pipeline',
            'Also used in %1 pipelines',
            users.length
          ),
          submenu: users
        }
      ]
    : [];
  return [
    entry(trans.__('Settings…'), CommandIDs.blockSettings, settingsIcon),
    entry(trans.__('Rename'), CommandIDs.renameBlock, editIcon, editable),
    'separator',
    entry(trans.__('Move up'), CommandIDs.moveBlockUp, caretUpIcon, editable),
    entry(
      trans.__('Move down'),
      CommandIDs.moveBlockDown,
      caretDownIcon,
      editable
    ),
    entry(trans.__('Duplicate'), CommandIDs.duplicateBlock, copyIcon, editable),
    ...(block.role === 'block' && block.path
      ? [
          entry(
            trans.__('Replicate'),
            CommandIDs.replicateBlock,
            copyIcon,
            editable
          )
        ]
      : []),
    ...(isStep(block.type)
      ? [
          entry(
            block.dynamic
              ? trans.__('Not dynamic any more')
              : trans.__('Make it dynamic'),
            CommandIDs.toggleDynamic,
            undefined,
            editable
          ),
          entry(
            block.reduces
              ? trans.__('Do not gather its children')
              : trans.__('Gather its children'),
            CommandIDs.toggleReduce,
            undefined,
            editable
          )
        ]
      : []),
    entry(
      trans.__('Save as template…'),
      CommandIDs.saveBlockTemplate,
      undefined,
      !block.missing && !(block.type === 'dbt' && block.language === 'sql')
    ),
    'separator',
    entry(
      trans.__('Open its file'),
      CommandIDs.openBlockFile,
      fileIcon,
      !!block.path && !block.missing
    ),
    {
      label: trans.__('History: runs of this pipeline'),
      icon: historyIcon,
      run: () =>
        void parts.commands.execute(CommandIDs.openRuns, {
          project: document.project,
          pipeline: document.pipeline
        })
    },
    ...used,
    'separator',
    entry(
      trans.__('Remove from pipeline'),
      CommandIDs.removeBlock,
      deleteIcon,
      editable
    )
  ];
}

/** Make a block one of another type or language, or choose the kernel. */
export function kindMenu(
  parts: INotebookParts,
  document: PipelineDocument,
  block: IBlock
): IMenuEntries {
  const { trans } = parts;
  const change = (changes: { type?: string; language?: string }): void => {
    try {
      document.changeBlock(block.id, {
        ...changes,
        ...(changes.type ? { role: roleOf(changes.type) } : {})
      });
    } catch (error) {
      warn(error);
    }
  };
  const types = ADDABLE_TYPES.filter(
    type => !['markdown', 'global_data_product'].includes(type)
  ).map((type): IMenuEntry => ({
    label: blockTypeLabel(type, trans),
    icon: blockLook(type).icon,
    enabled: type !== block.type,
    run: () => change({ type })
  }));
  const languages = languagesFor(
    block.type,
    parts.app.serviceManager.kernelspecs.specs
  ).map((language): IMenuEntry => ({
    label: languageLabel(language, trans),
    checked: language === block.language,
    run: () => change({ language })
  }));
  return [
    { label: trans.__('Make it a'), submenu: types },
    { label: trans.__('Language'), submenu: languages },
    'separator',
    {
      label: trans.__('Kernel of the pipeline…'),
      run: () => void parts.commands.execute('notebook:change-kernel')
    }
  ];
}

/** The blocks that `block` depends on: go there, or disconnect. */
export function upstreamMenu(
  parts: INotebookParts,
  document: PipelineDocument,
  block: IBlock
): IMenuEntries {
  const { trans } = parts;
  const name = (id: string): string => document.metadata(id)?.name ?? id;
  return [
    ...block.upstream.map((id): IMenuEntry => ({
      label: name(id),
      caption: trans.__('Depends on “%1”: go there', name(id)),
      run: () => document.focus(id)
    })),
    'separator',
    {
      label: trans.__('Disconnect'),
      enabled: !document.readOnly,
      submenu: block.upstream.map((id): IMenuEntry => ({
        label: name(id),
        run: () => document.disconnect(id, block.id)
      }))
    }
  ];
}

/** The blocks that can be connected as upstream of `block`. */
export function connectMenu(
  parts: INotebookParts,
  document: IPipelineDocument,
  block: IBlock
): IMenuEntries {
  const { trans } = parts;
  // What depends on it would close a circle.
  const after = reachable(
    [block.id],
    downstreamOf(new Map(document.blocks.map(one => [one.id, one.upstream])))
  );
  const entries = document.blocks
    .filter(
      other =>
        !after.has(other.id) &&
        isStep(other.type) &&
        !block.upstream.includes(other.id)
    )
    .map((other): IMenuEntry => ({
      label: other.name,
      caption: trans.__('Let “%1” depend on “%2”', block.name, other.name),
      icon: blockLook(other.type).icon,
      run: () => {
        try {
          document.connect(other.id, block.id);
        } catch (error) {
          warn(error);
        }
      }
    }));
  return entries.length
    ? entries
    : [{ label: trans.__('No other block can be connected'), enabled: false }];
}

/** The types and templates of new blocks. */
export async function addMenu(
  parts: INotebookParts,
  document: IPipelineDocument,
  after: string | null,
  types: readonly string[] = ADDABLE_TYPES
): Promise<IMenuEntries> {
  const { trans } = parts;
  const [templates, products] = await Promise.all([
    parts.templates(document.project).catch(() => []),
    types.includes('global_data_product')
      ? fetchProducts(document.project).catch(() => [])
      : []
  ]);
  return types.map((type): IMenuEntry => {
    const label = blockTypeLabel(type, trans);
    const icon = blockLook(type).icon;
    const fitting = templates.filter(item => item.type === type && !item.own);
    const add = (template?: string, language?: string): void =>
      addBlock(document, type, after, template, language);
    const using = (item: IBlockTemplate): IMenuEntry => ({
      label: item.name,
      caption: item.description,
      run: () => add(item.id, item.language)
    });
    // A dbt model has its place in a dbt project.
    const own = templates
      .filter(item => item.type === type && item.own)
      .filter(item => type !== 'dbt' || item.language !== 'sql')
      .map(using);
    const also = own.length ? (['separator', ...own] as const) : [];
    const others = languagesFor(
      type,
      parts.app.serviceManager.kernelspecs.specs
    ).filter(language => !LANGUAGES.includes(language));
    const inOther = others.map((language): IMenuEntry => ({
      label: languageLabel(language, trans),
      caption: trans.__('Runs in the Jupyter kernel of that language'),
      run: () => add(undefined, language)
    }));
    if (type === 'scratchpad' && inOther.length) {
      const python: IMenuEntry = {
        label: languageLabel('python', trans),
        run: () => add()
      };
      return { label, icon, submenu: [python, ...inOther, ...also] };
    }
    if (type === 'markdown' || type === 'scratchpad') {
      const empty: IMenuEntry = {
        label: own.length ? trans.__('Empty') : label,
        icon: own.length ? undefined : icon,
        run: () => add()
      };
      return own.length ? { label, icon, submenu: [empty, ...also] } : empty;
    }
    if (type === 'global_data_product') {
      return {
        label,
        icon,
        submenu: [...productMenu(parts, document, after, products), ...also]
      };
    }
    if (type === 'dbt') {
      const model: IMenuEntry = {
        label: trans.__('Model…'),
        caption: trans.__('A model of a dbt project, and those it reads'),
        run: () =>
          void parts.commands.execute(CommandIDs.addDbtModel, {
            path: document.path,
            ...(after === null ? {} : { after })
          })
      };
      const fresh: IMenuEntry = {
        label: trans.__('New model…'),
        caption: trans.__('A new file in a dbt project'),
        run: () =>
          void parts.commands.execute(CommandIDs.newDbtModel, {
            path: document.path,
            ...(after === null ? {} : { after })
          })
      };
      const command: IMenuEntry = {
        label: trans.__('Command'),
        caption: trans.__('Arguments for dbt run, build, test …'),
        run: () => add('dbt/yaml', 'yaml')
      };
      return { label, icon, submenu: [model, fresh, command, ...also] };
    }
    const languages = [...new Set(fitting.map(item => item.language))];
    const groups = languages.map((language): IMenuEntry => {
      const inner = fitting
        .filter(item => item.language === language)
        .map(using);
      return { label: languageLabel(language, trans), submenu: inner };
    });
    const empty: IMenuEntry = {
      label: trans.__('Empty'),
      caption: trans.__('A block with the frame of its type only'),
      run: () => add(defaultTemplate(fitting)?.id)
    };
    // Where there is one language only, the frame is among its templates.
    const [first, ...rest]: IMenuEntries =
      groups.length === 1 && groups[0].submenu
        ? groups[0].submenu
        : groups.length
          ? [empty, 'separator', ...groups]
          : [empty];
    const last = inOther.length ? (['separator', ...inOther] as const) : [];
    const submenu = [first, ...rest, ...also, ...last];
    return submenu.length === 1 && first !== 'separator'
      ? { label, icon, caption: first.caption, run: first.run }
      : { label, icon, submenu };
  });
}

/** The registered products, and a way to register one. */
function productMenu(
  parts: INotebookParts,
  document: IPipelineDocument,
  after: string | null,
  products: readonly IDataProduct[]
): IMenuEntries {
  const { trans } = parts;
  const entries = products
    .filter(product => product.pipeline !== document.pipeline)
    .map((product): IMenuEntry => ({
      label: product.id,
      caption: `${product.words} ${freshnessText(product, trans)}`,
      run: () =>
        void document
          .addBlock({
            type: 'global_data_product',
            after,
            configuration: { global_data_product: { uuid: product.id } }
          })
          .catch(warn)
    }));
  return [
    ...entries,
    ...(entries.length ? (['separator'] as const) : []),
    {
      label: trans.__('Register a product…'),
      run: () =>
        void parts.commands.execute(CommandIDs.manageDataProducts, {
          project: document.project
        })
    }
  ];
}

/** The template that is only the frame of a type: named so, or the first in Python. */
export function defaultTemplate<T extends { id: string; language: string }>(
  templates: readonly T[]
): T | undefined {
  const python = templates.filter(item => item.language === 'python');
  return (
    python.find(item => /(base|default|empty|generic|blank)/.test(item.id)) ??
    python[0]
  );
}

/**
 * What a new block below `after` takes: that step's output; below what is
 * attached to steps, theirs; below a note or a draft, as if it were not there.
 */
export function stepsAbove(
  blocks: readonly Pick<IBlock, 'id' | 'type' | 'upstream'>[],
  after: string | null
): string[] {
  let at = blocks.findIndex(block => block.id === after);
  for (; at >= 0; at--) {
    const { id, type, upstream } = blocks[at];
    if (isStep(type)) {
      return [id];
    }
    if (takesInput(type) && upstream.length) {
      return [...upstream];
    }
  }
  return [];
}

/** Add a block of a type after another; it takes that one's output when it can. */
export function addBlock(
  document: IPipelineDocument,
  type: string,
  after: string | null,
  template?: string,
  language?: string
): void {
  const upstream =
    takesInput(type) && type !== 'data_loader'
      ? stepsAbove(document.blocks, after)
      : [];
  document.addBlock({ type, after, template, language, upstream }).catch(warn);
}
