import type { ServerConnection } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { request } from '../api/request';
import type { IRows } from '../api/types';
import { slug } from '../model/slug';
import type { IPipelineDocument, IPipelineDocuments } from '../tokens';
import type { IFlowHandle } from '../ui/graph/FlowFrame';
import { CanvasActions } from './actions';
import { SAMPLE_ROWS, Samples } from './samples';

// React Flow is fetched with the first canvas.
const Canvas = React.lazy(async () => ({
  default: (await import('./Canvas')).Canvas
}));

export interface ICanvasPanelOptions {
  path: string;
  documents: IPipelineDocuments;
  commands: CommandRegistry;
  settings: ServerConnection.ISettings;
  translator: ITranslator;
}

/** The canvas of one pipeline; shows it for as long as its notebook is open. */
export class CanvasPanel extends ReactWidget {
  constructor(private readonly _options: ICanvasPanelOptions) {
    super();
    this._trans = _options.translator.load('mage_jlab');
    this._path = _options.path;
    this.addClass('mage-Canvas');
    this.title.closable = true;
    _options.documents.opened.connect(this._find, this);
    this._find();
  }

  /** Path of the pipeline's notebook. */
  get path(): string {
    return this._document?.path ?? this._path;
  }

  get document(): IPipelineDocument | null {
    return this._document;
  }

  get actions(): CanvasActions | null {
    return this._actions;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.documents.opened.disconnect(this._find, this);
      this._drop();
      super.dispose();
    }
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._handle.current?.focus();
  }

  protected render(): React.ReactElement {
    const trans = this._trans;
    if (!this._actions || !this._samples) {
      return (
        <div className="mage-Canvas-empty">
          <p>{trans.__('The notebook of this pipeline is not open.')}</p>
          <button
            className="mage-Canvas-button"
            onClick={() => void this._open()}
          >
            {trans.__('Open it')}
          </button>
        </div>
      );
    }
    return (
      <React.Suspense fallback={<div className="mage-Canvas-graph" />}>
        <Canvas
          key={this._serial}
          actions={this._actions}
          samples={this._samples}
          trans={trans}
          handle={this._handle}
        />
      </React.Suspense>
    );
  }

  private _open(): Promise<unknown> {
    return this._options.commands.execute('docmanager:open', {
      path: this._path,
      factory: 'Notebook'
    });
  }

  /** Take up the document when it is open, let go of it when it is closed. */
  private _find(): void {
    const document = this._options.documents.find(this._path) ?? null;
    if (document === this._document || !document) {
      return;
    }
    this._drop();
    this._document = document;
    this._serial += 1;
    this._actions = new CanvasActions(
      document,
      this._options.commands,
      this._trans
    );
    this._samples = new Samples((block, version, output) =>
      this._sample(document, block, version, output)
    );
    document.disposed.connect(this._onClosed, this);
    document.changed.connect(this._onChanged, this);
    this._onChanged();
    this.update();
  }

  private _drop(): void {
    this._document?.disposed.disconnect(this._onClosed, this);
    this._document?.changed.disconnect(this._onChanged, this);
    this._document = this._actions = this._samples = null;
  }

  private _onClosed(): void {
    this._drop();
    this.update();
  }

  private _onChanged(): void {
    if (this._document) {
      this._path = this._document.path;
      this.title.label = this._trans.__('%1 – canvas', this._document.name);
      this.title.caption = this._trans.__(
        'Graph of pipeline %1',
        this._document.name
      );
    }
  }

  private _sample(
    document: IPipelineDocument,
    block: string,
    version: string,
    output: string
  ): Promise<IRows> {
    return request<IRows>(
      [
        'products',
        document.project,
        slug(document.pipeline),
        slug(block),
        output,
        'rows'
      ],
      {
        query: {
          scope: 'interactive',
          version,
          offset: 0,
          limit: SAMPLE_ROWS
        }
      },
      this._options.settings
    );
  }

  private readonly _trans: TranslationBundle;
  private readonly _handle: React.MutableRefObject<IFlowHandle | null> = {
    current: null
  };
  private _path: string;
  private _serial = 0;
  private _document: IPipelineDocument | null = null;
  private _actions: CanvasActions | null = null;
  private _samples: Samples | null = null;
}
