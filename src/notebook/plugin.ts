import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  INotebookTracker,
  type INotebookModel,
  type NotebookPanel
} from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';

import { isPipelinePath } from '../api/drive';
import { request } from '../api/request';
import type { IBlockTemplate, IPage } from '../api/types';
import { CommandIDs } from '../commands';
import { mageIcon } from '../icons';
import { tellAttachments } from '../model/attachments';
import { CHANGE_SCHEMA } from '../model/changes';
import { PipelineDocuments } from '../model/documents';
import { type IStartCode, KernelSteps } from '../model/kernelSteps';
import { PipelineDocument } from '../model/pipelineDocument';
import { Synchrony } from '../model/synchrony';
import { IPipelineDocuments, IWorkspace } from '../tokens';
import { defaultTemplate } from './blockMenus';
import { addCommands } from './commands';
import type { INotebookParts } from './context';
import { decorate } from './decoration';
import { addOpenAsPipeline } from './openAsPipeline';
import { addCompletion } from './sql/completion';
import { Tables } from './sql/tables';
import { fillToolbar } from './toolbar';
import { watchExecution } from './watchExecution';

const PALETTE = [
  CommandIDs.runBlock,
  CommandIDs.runWithUpstream,
  CommandIDs.runFromHere,
  CommandIDs.runTests,
  CommandIDs.runWithVariables,
  CommandIDs.restartAndRunFromHere,
  CommandIDs.runInCleanProcess,
  CommandIDs.runAll,
  CommandIDs.runStale,
  CommandIDs.addBlock,
  CommandIDs.addDbtModel,
  CommandIDs.newDbtModel,
  CommandIDs.renameBlock,
  CommandIDs.duplicateBlock,
  CommandIDs.replicateBlock,
  CommandIDs.toggleDynamic,
  CommandIDs.toggleReduce,
  CommandIDs.saveBlockTemplate,
  CommandIDs.removeBlock,
  CommandIDs.moveBlockUp,
  CommandIDs.moveBlockDown,
  CommandIDs.blockSettings,
  CommandIDs.openBlockFile,
  CommandIDs.pipelineSettings,
  CommandIDs.exportNotebook
];

/** So often it is looked whether the files of a pipeline in sight changed. */
const LOOK_MS = 4000;

type Context = DocumentRegistry.IContext<INotebookModel>;

/** Autosave is off for pipelines: saved code is live code. */
function noAutosave(context: Context): void {
  Object.defineProperty(context, 'canSave', {
    configurable: true,
    get: () => false
  });
}

const plugin: JupyterFrontEndPlugin<IPipelineDocuments> = {
  id: 'mage-jlab:notebook',
  description: 'Pipelines as notebooks: headers, toolbar, ways to run.',
  autoStart: true,
  provides: IPipelineDocuments,
  requires: [INotebookTracker],
  optional: [
    ITranslator,
    ICommandPalette,
    IWorkspace,
    IFileBrowserFactory,
    IEditorLanguageRegistry,
    ICompletionProviderManager
  ],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    workspace: IWorkspace | null,
    browsers: IFileBrowserFactory | null,
    languages: IEditorLanguageRegistry | null,
    completion: ICompletionProviderManager | null
  ): IPipelineDocuments => {
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const settings = app.serviceManager.serverSettings;
    const parts: INotebookParts = {
      app,
      commands: app.commands,
      trans,
      languages,
      templates: project =>
        request<IPage<IBlockTemplate>>(
          ['templates'],
          { query: { project, limit: 500 } },
          settings
        ).then(page => page.items)
    };
    const documents = new PipelineDocuments(tracker);
    if (completion) {
      addCompletion(completion, documents, new Tables(settings), trans);
    }
    const synchronies = new Map<PipelineDocument, Synchrony>();

    const open = (panel: NotebookPanel): void => {
      const start = (): Promise<IStartCode> => {
        const [project, file] = panel.context.path
          .replace(/^mage:/, '')
          .split('/');
        const kernel = panel.sessionContext.session?.kernel?.name;
        return request<IStartCode>(
          [
            'projects',
            project,
            'pipelines',
            file.replace(/\.ipynb$/, ''),
            'kernel'
          ],
          { query: { kernel } },
          settings
        );
      };
      const steps = new KernelSteps(panel.sessionContext, start);
      void panel.context.ready.then(() => {
        if (panel.isDisposed) {
          return;
        }
        const document = new PipelineDocument({
          panel,
          steps,
          trans,
          template: async id => {
            const project = panel.context.path
              .replace(/^mage:/, '')
              .split('/')[0];
            const found = (await parts.templates(project)).find(
              item => item.id === id
            );
            if (!found) {
              throw new Error(trans.__('There is no template “%1”.', id));
            }
            return found;
          },
          frame: async (type, language) => {
            // A dbt block begins with a model or with arguments, not with a frame.
            if (type === 'dbt' || (language ?? 'python') !== 'python') {
              return undefined;
            }
            const project = panel.context.path
              .replace(/^mage:/, '')
              .split('/')[0];
            const known = await parts.templates(project).catch(() => []);
            const frame = defaultTemplate(
              known.filter(item => item.type === type && !item.own)
            );
            return type === 'scratchpad' || type === 'markdown'
              ? undefined
              : frame;
          }
        });
        tellAttachments(document);
        const synchrony = new Synchrony(
          document,
          app.serviceManager.contents,
          settings
        );
        synchronies.set(document, synchrony);
        document.disposed.connect(() => synchronies.delete(document));
        panel.title.icon = mageIcon;
        decorate(document, parts);
        fillToolbar(document, parts, workspace);
        document.steps.heard.connect((_, { step }) => {
          if (step.event === 'stored') {
            workspace?.noteStored();
          }
        });
        documents.add(document);
      });
    };

    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (panel: NotebookPanel, context: Context) => {
        if (isPipelinePath(context.path)) {
          noAutosave(context);
          open(panel);
        }
      }
    });

    watchExecution(documents);
    app.serviceManager.events.stream.connect((_, event) => {
      if (event.schema_id !== CHANGE_SCHEMA) {
        return;
      }
      const change = event as unknown as Record<string, unknown>;
      for (const [document, synchrony] of synchronies) {
        if (
          (change['kind'] === 'pipeline' || change['kind'] === 'project') &&
          change['project'] === document.project &&
          (!change['pipeline'] || change['pipeline'] === document.pipeline)
        ) {
          void synchrony.look();
        }
      }
    });
    // Git, a terminal or another editor tells nobody that it wrote a file.
    const look = async (): Promise<void> => {
      for (const [document, synchrony] of synchronies) {
        if (document.panel.isVisible) {
          await synchrony.look();
        }
      }
    };
    new Poll({
      name: 'mage-jlab:files',
      factory: look,
      frequency: { interval: LOOK_MS, backoff: false },
      standby: 'when-hidden'
    });
    window.addEventListener('focus', () => void look());
    documents.currentChanged.connect((_, document) => {
      const synchrony =
        document && synchronies.get(document as PipelineDocument);
      void synchrony?.look();
      for (const id of PALETTE) {
        app.commands.notifyCommandChanged(id);
      }
    });

    addCommands({ ...parts, documents, workspace });
    if (browsers && workspace) {
      addOpenAsPipeline(app, browsers, workspace, trans);
    }
    for (const command of PALETTE) {
      palette?.addItem({ command, category: trans.__('Mage') });
    }
    return documents;
  }
};

export default plugin;
