import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import { ServerConnection } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect, ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { BoxLayout, Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import type { IProduct, IProductOutput } from '../api/types';
import { bytesText, countText } from '../ui/figures';
import type { IProductAddress } from './payload';
import { fetchProduct, ProductSource } from './source';
import { TableModel } from './TableModel';
import { TableView } from './TableView';

/** Values larger than this are offered as a file instead of being shown. */
const LARGEST = 10_000_000;

export interface IProductViewOptions {
  address: IProductAddress;
  settings: ServerConnection.ISettings;
  translator: ITranslator;
  rendermime: IRenderMimeRegistry;
  themeChanged: ISignal<unknown, unknown> | null;
  /** The address changed (another version or output): remember it. */
  onAddress(address: IProductAddress): void;
}

/** A product in a tab: its versions, its outputs, the chosen one in full. */
export class ProductView extends Panel {
  constructor(private readonly _options: IProductViewOptions) {
    super({
      layout: new BoxLayout({ direction: 'top-to-bottom', spacing: 0 })
    });
    this._trans = _options.translator.load('mage_jlab');
    this._address = _options.address;
    this.addClass('mage-Product');
    const head = ReactWidget.create(React.createElement('div'));
    this._head = head;
    this._place = new Panel();
    this._place.addClass('mage-Product-place');
    BoxLayout.setSizeBasis(this._place, 0);
    BoxLayout.setStretch(this._place, 1);
    this.addWidget(this._place);
    void this._load();
  }

  get address(): IProductAddress {
    return this._address;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._request?.abort();
      this._clear();
      super.dispose();
    }
  }

  protected onActivateRequest(): void {
    this.node.querySelector<HTMLElement>('.lm-DataGrid-viewport')?.focus();
  }

  private async _load(): Promise<void> {
    this._request?.abort();
    const request = (this._request = new AbortController());
    try {
      const product = await fetchProduct(
        this._address,
        this._options.settings,
        request.signal
      );
      if (!request.signal.aborted) {
        this._show(product);
      }
    } catch (error) {
      if (!request.signal.aborted) {
        this._clear();
        this._say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  private _show(product: IProduct): void {
    this._clear();
    const output =
      product.outputs.find(item => item.name === this._address.output) ??
      product.outputs[0];
    this._drawHead(product, output);
    if (!output) {
      this._say(this._trans.__('This run of the block stored nothing.'));
      return;
    }
    this._address = {
      ...this._address,
      version: product.version,
      output: output.name
    };
    this._options.onAddress(this._address);
    if (output.kind === 'table') {
      this._showTable(output);
    } else {
      void this._showValue(output);
    }
  }

  private _showTable(output: IProductOutput): void {
    const { settings, translator, themeChanged } = this._options;
    const source = new ProductSource(this._address, settings);
    const model = (this._model = new TableModel(source, {
      columns: output.columns,
      rows: [],
      total: output.rows ?? 0
    }));
    const view = new TableView({ model, inline: false, translator });
    themeChanged?.connect(view.applyTheme, view);
    this._place.addWidget(view);
    view.wake();
  }

  /** JSON, text and images as JupyterLab shows them; the rest says what it is. */
  private async _showValue(output: IProductOutput): Promise<void> {
    const { settings, rendermime } = this._options;
    const trans = this._trans;
    const source = new ProductSource(this._address, settings);
    const type = mediaType(output);
    if (
      output.kind === 'pickle' ||
      !type ||
      !rendermime.preferredMimeType({ [type]: '' }, 'ensure')
    ) {
      this._say(
        trans.__(
          'A Python value of type %1 (%2). Only the kernel that made it can open it; use it in a block below this one.',
          output.type,
          bytesText(output.bytes)
        ),
        output.preview
      );
      return;
    }
    if (output.bytes > LARGEST) {
      this._say(
        trans.__(
          'This value is too large to be shown (%1).',
          bytesText(output.bytes)
        ),
        output.preview
      );
      this._offer(source.contentUrl());
      return;
    }
    const request = this._request;
    try {
      const data = await fetchContent(
        source.contentUrl(),
        type,
        settings,
        request?.signal
      );
      if (this.isDisposed || request?.signal.aborted) {
        return;
      }
      const renderer = rendermime.createRenderer(type);
      renderer.addClass('mage-Product-value');
      this._place.addWidget(renderer);
      await renderer.renderModel(
        new MimeModel({ trusted: false, data: { [type]: data } })
      );
      this._offer(source.contentUrl());
    } catch (error) {
      if (!request?.signal.aborted) {
        this._say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  private _drawHead(
    product: IProduct,
    output: IProductOutput | undefined
  ): void {
    this._head.dispose();
    const go = (change: Partial<IProductAddress>) => {
      this._address = { ...this._address, ...change };
      void this._load();
    };
    this._head = ReactWidget.create(
      React.createElement(Head, {
        product,
        output,
        trans: this._trans,
        onVersion: version => go({ version }),
        onOutput: name => go({ output: name })
      })
    );
    this._head.addClass('mage-Product-head');
    BoxLayout.setStretch(this._head, 0);
    this.insertWidget(0, this._head);
  }

  private _say(text: string, more?: string | null): void {
    const note = new Widget();
    note.addClass('mage-Product-note');
    const line = document.createElement('p');
    line.textContent = text;
    note.node.append(line);
    if (more) {
      const pre = document.createElement('pre');
      pre.textContent = more;
      note.node.append(pre);
    }
    this._place.addWidget(note);
  }

  private _offer(url: string): void {
    const line = new Widget();
    line.addClass('mage-Product-offer');
    const link = document.createElement('a');
    link.href = url;
    link.download = '';
    link.textContent = this._trans.__('Download');
    line.node.append(link);
    this._place.addWidget(line);
  }

  private _clear(): void {
    for (const widget of [...this._place.widgets]) {
      widget.dispose();
    }
    this._model?.dispose();
    this._model = null;
  }

  private readonly _trans: TranslationBundle;
  private readonly _place: Panel;
  private _head: Widget;
  private _address: IProductAddress;
  private _model: TableModel | null = null;
  private _request: AbortController | null = null;
}

/** What the bytes of an output are, for JupyterLab's renderers. */
export function mediaType(output: IProductOutput): string | null {
  if (output.kind === 'json') {
    return 'application/json';
  }
  if (output.kind === 'text') {
    return 'text/plain';
  }
  return output.media_type?.split(';')[0].trim() || null;
}

async function fetchContent(
  url: string,
  type: string,
  settings: ServerConnection.ISettings,
  signal?: AbortSignal
): Promise<string> {
  const response = await ServerConnection.makeRequest(
    url,
    { signal },
    settings
  );
  if (!response.ok) {
    throw new ServerConnection.ResponseError(response);
  }
  if (type === 'application/json') {
    return await response.json();
  }
  if (type.startsWith('image/') && type !== 'image/svg+xml') {
    const bytes = new Uint8Array(await response.arrayBuffer());
    let binary = '';
    for (let at = 0; at < bytes.length; at += 0x8000) {
      binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(binary);
  }
  return await response.text();
}

interface IHeadProps {
  product: IProduct;
  output: IProductOutput | undefined;
  trans: TranslationBundle;
  onVersion(version: string): void;
  onOutput(name: string): void;
}

function Head(props: IHeadProps): React.ReactElement {
  const { product, output, trans } = props;
  const created = new Date(product.created);
  const select = (
    label: string,
    value: string,
    options: { value: string; label: string }[],
    onChange: (value: string) => void
  ) =>
    React.createElement(
      'label',
      null,
      React.createElement('span', null, label),
      React.createElement(
        HTMLSelect,
        {
          value,
          onChange: (event: React.ChangeEvent<HTMLSelectElement>) =>
            onChange(event.target.value)
        },
        options.map(item =>
          React.createElement(
            'option',
            { key: item.value, value: item.value },
            item.label
          )
        )
      )
    );
  return React.createElement(
    React.Fragment,
    null,
    React.createElement('strong', null, product.block),
    product.outputs.length > 1 &&
      select(
        trans.__('Output'),
        output?.name ?? '',
        product.outputs.map(item => ({ value: item.name, label: item.name })),
        props.onOutput
      ),
    product.versions.length > 1
      ? select(
          trans.__('Version'),
          product.version,
          product.versions.map((version, index) => ({
            value: version,
            label:
              versionText(version) +
              (index === 0 ? ` (${trans.__('newest')})` : '')
          })),
          props.onVersion
        )
      : React.createElement('span', null, created.toLocaleString()),
    output &&
      React.createElement(
        'span',
        { className: 'mage-Product-facts' },
        [
          output.type,
          output.rows !== null && trans.__('%1 rows', countText(output.rows)),
          bytesText(output.bytes)
        ]
          .filter(Boolean)
          .join(' · ')
      )
  );
}

/** `20261122T101500123456-ab12` → the reader's date and time. */
export function versionText(version: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(version);
  if (!parts) {
    return version;
  }
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  return new Date(
    Date.UTC(year, month - 1, day, hour, minute, second)
  ).toLocaleString();
}
