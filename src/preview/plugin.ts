import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  IThemeManager,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { tableRowsIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands';
import { argsSchema } from '../ui/argsSchema';
import { DbtRenderer } from './DbtRenderer';
import {
  DBT_MIME,
  PREVIEW_MIME,
  TESTS_MIME,
  type IProductAddress
} from './payload';
import { PreviewRenderer } from './PreviewRenderer';
import type { ProductView } from './ProductView';
import { TestsRenderer } from './TestsRenderer';

/** Better than the plain text that travels along. */
const RANK = 10;

const renderers: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:preview-renderers',
  description: 'Shows the tables and test results of blocks.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [IThemeManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ) => {
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [PREVIEW_MIME],
        createRenderer: () =>
          new PreviewRenderer({
            settings: app.serviceManager.serverSettings,
            translator: translator ?? nullTranslator,
            themeChanged: themes?.themeChanged ?? null,
            openProduct: address =>
              void app.commands.execute(CommandIDs.openProduct, { ...address })
          })
      },
      RANK
    );
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [TESTS_MIME],
        createRenderer: () => new TestsRenderer(translator ?? nullTranslator)
      },
      RANK
    );
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [DBT_MIME],
        createRenderer: () => new DbtRenderer(translator ?? nullTranslator)
      },
      RANK
    );
  }
};

const products: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:products',
  description: 'Opens what a block stored in a tab.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ILayoutRestorer, IThemeManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mage_jlab');
    const tracker = new WidgetTracker<MainAreaWidget<ProductView>>({
      namespace: 'mage-product'
    });
    app.commands.addCommand(CommandIDs.openProduct, {
      label: trans.__('Open Product'),
      describedBy: argsSchema({
        project: 'string',
        pipeline: 'string',
        block: 'string',
        scope: 'string',
        version: 'string',
        output: 'string'
      }),
      execute: async args => {
        const address = addressOf(args);
        const open = tracker.find(widget =>
          sameProduct(widget.content.address, address)
        );
        if (open) {
          app.shell.activateById(open.id);
          return open;
        }
        const { ProductView } = await import('./parts');
        const content = new ProductView({
          address,
          settings: app.serviceManager.serverSettings,
          translator: translator ?? nullTranslator,
          rendermime,
          themeChanged: themes?.themeChanged ?? null,
          onAddress: () => void tracker.save(widget)
        });
        const widget = new MainAreaWidget({ content });
        widget.id = `mage-product-${++count}`;
        widget.title.label = `${address.block}: ${address.output}`;
        widget.title.caption = trans.__(
          'What block %1 of pipeline %2 stored',
          address.block,
          address.pipeline
        );
        widget.title.icon = tableRowsIcon;
        widget.title.closable = true;
        await tracker.add(widget);
        app.shell.add(widget, 'main');
        app.shell.activateById(widget.id);
        return widget;
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openProduct,
      args: widget => ({ ...widget.content.address }),
      name: widget => Object.values(widget.content.address).join('/')
    });
  }
};

let count = 0;

function addressOf(args: Record<string, unknown>): IProductAddress {
  const text = (key: string) =>
    typeof args[key] === 'string' ? (args[key] as string) : '';
  return {
    project: text('project'),
    pipeline: text('pipeline'),
    block: text('block'),
    scope: text('scope') || 'interactive',
    version: text('version') || null,
    output: text('output') || 'output_0'
  };
}

function sameProduct(a: IProductAddress, b: IProductAddress): boolean {
  return (
    a.project === b.project &&
    a.pipeline === b.pipeline &&
    a.block === b.block &&
    a.scope === b.scope &&
    a.output === b.output &&
    (b.version === null || a.version === b.version)
  );
}

export default [renderers, products];
