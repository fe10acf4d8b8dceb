import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { DBT_MIME, type IDbtPayload, parseDbt } from './payload';

type Result = IDbtPayload['results'][number];

/** What dbt says of each model and test of a command: a table. */
export class DbtRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(translator: ITranslator) {
    super();
    this._trans = translator.load('mage_jlab');
    this.addClass('mage-Dbt');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.node.replaceChildren();
    const payload = parseDbt(model.data[DBT_MIME]);
    if (!payload) {
      return;
    }
    const trans = this._trans;
    const table = document.createElement('table');
    table.className = 'mage-Dbt-table';
    table.setAttribute(
      'aria-label',
      trans.__('Results of dbt %1', payload.command)
    );
    const head = table.createTHead().insertRow();
    for (const label of [
      trans.__('State'),
      trans.__('Name'),
      trans.__('Kind'),
      trans.__('Time'),
      trans.__('Rows'),
      trans.__('Message')
    ]) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = label;
      head.append(cell);
    }
    const body = table.createTBody();
    payload.results.forEach(result => this._row(body, result));
    this.node.append(table);
    if (payload.total > payload.results.length) {
      const more = document.createElement('div');
      more.className = 'mage-Dbt-more';
      more.textContent = trans.__(
        '… and %1 more',
        payload.total - payload.results.length
      );
      this.node.append(more);
    }
  }

  private _row(body: HTMLTableSectionElement, result: Result): void {
    const row = body.insertRow();
    const mood = moodOf(result.status);
    row.dataset.mood = mood;
    const state = row.insertCell();
    state.className = 'mage-Dbt-state';
    const mark = document.createElement('span');
    mark.textContent = { good: '✓', bad: '✕', other: '○' }[mood];
    mark.setAttribute('aria-hidden', 'true');
    state.append(mark, ` ${result.status}`);
    const name = row.insertCell();
    name.textContent = result.name;
    name.title = result.relation || result.file;
    row.insertCell().textContent = result.kind;
    row.insertCell().textContent = `${result.seconds.toFixed(2)} s`;
    row.insertCell().textContent =
      result.rows === null ? '' : result.rows.toLocaleString();
    row.insertCell().textContent = mood === 'good' ? '' : result.message;
  }

  private readonly _trans: TranslationBundle;
}

function moodOf(status: string): 'good' | 'bad' | 'other' {
  if (/^(success|pass)$/.test(status)) {
    return 'good';
  }
  return /error|fail/.test(status) ? 'bad' : 'other';
}
