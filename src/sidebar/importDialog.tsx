import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { request } from '../api/request';
import type { components } from '../api/schema';
import type { IPipeline } from '../api/types';
import { blockTypeShort } from '../ui/blockTypes';

type Draft = components['schemas']['NotebookDraft'];
type DraftBlock = components['schemas']['NotebookBlock'];

/** What was changed of a block; the rest stays as proposed. */
interface IEdit {
  key: string;
  name?: string | null;
  type?: string;
  skip?: boolean;
  upstream?: string[];
}

const PAUSE = 300;

/** What a notebook would become, as it is being edited. */
class ImportBody extends ReactWidget {
  draft: Draft | null = null;
  name: string | null = null;
  error = '';

  constructor(
    readonly project: string,
    readonly path: string,
    private readonly _trans: TranslationBundle,
    before?: ImportBody
  ) {
    super();
    this.addClass('mage-FormDialog');
    this.addClass('mage-Import');
    if (before) {
      // Shown again since it could not be written: what was typed stays.
      this.draft = before.draft;
      this.name = before.name;
      this.error = before.error;
      this._edits = before._edits;
    } else {
      void this.look();
    }
  }

  /** Ask what would be made, with the edits so far. */
  async look(): Promise<void> {
    const asked = ++this._asked;
    try {
      const draft = await request<Draft>(
        ['projects', this.project, 'notebook-draft'],
        { method: 'POST', body: this._body() }
      );
      if (asked === this._asked) {
        this.draft = draft;
        this.name ??= draft.name;
        this.error = '';
      }
    } catch (error) {
      if (asked === this._asked) {
        this.error = (error as Error).message;
      }
    }
    this.update();
  }

  /** Write the pipeline. */
  async make(): Promise<IPipeline> {
    return request<IPipeline>(['projects', this.project, 'notebook-import'], {
      method: 'POST',
      body: { ...this._body(), etag: this.draft?.etag ?? null }
    });
  }

  protected render(): React.JSX.Element {
    const trans = this._trans;
    const { draft, error } = this;
    const blocks = draft?.blocks ?? [];
    return (
      <div className="mage-Form">
        {error ? (
          <p className="mage-Message" role="alert">
            {error}
          </p>
        ) : null}
        {draft ? (
          <>
            <label className="mage-Form-field">
              {trans.__('Name of the pipeline')}
              <input
                className="mage-Field-input"
                value={this.name ?? ''}
                onChange={event => {
                  this.name = event.target.value;
                  this.update();
                }}
              />
            </label>
            <p className="mage-Form-hint">
              {trans.__(
                'Nothing is written yet, and nothing was run. %1 will be made.',
                trans._n(
                  '%1 block',
                  '%1 blocks',
                  blocks.filter(block => !block.skip).length
                )
              )}
            </p>
            <ul className="mage-Import-blocks">
              {blocks.map(block => (
                <BlockRow
                  key={block.key}
                  block={block}
                  draft={draft}
                  edit={this._edits.get(block.key)}
                  trans={trans}
                  onEdit={change => this._edit(block.key, change)}
                />
              ))}
            </ul>
          </>
        ) : error ? null : (
          <p>{trans.__('Looking through the notebook …')}</p>
        )}
      </div>
    );
  }

  private _edit(key: string, change: Partial<IEdit>): void {
    this._edits.set(key, { ...(this._edits.get(key) ?? { key }), ...change });
    this.update();
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.look(), PAUSE);
  }

  private _body(): object {
    return {
      path: this.path,
      name: this.name?.trim() || null,
      blocks: [...this._edits.values()]
    };
  }

  private _edits = new Map<string, IEdit>();
  private _asked = 0;
  private _timer = 0;
}

interface IRowProps {
  block: DraftBlock;
  draft: Draft;
  edit: IEdit | undefined;
  trans: TranslationBundle;
  onEdit: (change: Partial<IEdit>) => void;
}

/** One block: left out or not, its type, name, inputs, what is said of it, its code. */
function BlockRow(props: IRowProps): React.JSX.Element {
  const { block, draft, edit, trans, onEdit } = props;
  const text = block.type === 'markdown';
  const name = edit?.name ?? block.name;
  return (
    <li data-skip={block.skip}>
      <div className="mage-Import-row">
        <input
          type="checkbox"
          checked={!block.skip}
          aria-label={trans.__('Make the block %1', block.name)}
          onChange={event => onEdit({ skip: !event.target.checked })}
        />
        <select
          className="mage-Field-input"
          aria-label={trans.__('Type of %1', block.name)}
          value={block.type}
          disabled={text || block.skip}
          onChange={event => onEdit({ type: event.target.value })}
        >
          {(text ? ['markdown'] : draft.types).map(type => (
            <option key={type} value={type}>
              {blockTypeShort(type, trans)}
            </option>
          ))}
        </select>
        <input
          className="mage-Field-input"
          aria-label={trans.__('Name of %1', block.name)}
          value={name}
          disabled={block.skip}
          onChange={event => onEdit({ name: event.target.value || null })}
        />
        <span className="mage-Form-hint">
          {block.cells.length
            ? trans._n(
                'cell %2',
                'cells %2',
                block.cells.length,
                block.cells.join(', ')
              )
            : trans.__('text')}
        </span>
      </div>
      {block.skip && !edit?.skip ? (
        <p className="mage-Form-hint">
          {trans.__(
            'No block: what it imports and defines is repeated where it is needed.'
          )}
        </p>
      ) : null}
      {block.skip || text || block.type === 'scratchpad' ? null : (
        <Inputs {...props} />
      )}
      {block.warnings.length ? (
        <ul className="mage-Import-warnings">
          {block.warnings.map(warning => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      ) : null}
      {block.skip ? null : (
        <details>
          <summary>{trans.__('Code')}</summary>
          <pre>{block.code}</pre>
        </details>
      )}
    </li>
  );
}

/** The blocks above: proposed by what is used, and changed by hand. */
function Inputs(props: IRowProps): React.JSX.Element | null {
  const { block, draft, trans, onEdit } = props;
  const place = draft.blocks.indexOf(block);
  const above = draft.blocks
    .slice(0, place)
    .filter(other => !other.skip && other.type !== 'markdown');
  if (!above.length) {
    return null;
  }
  const names = above
    .filter(other => block.upstream.includes(other.key))
    .map(other => other.name);
  return (
    <details>
      <summary>
        {names.length
          ? trans.__('After %1', names.join(', '))
          : trans.__('After no other block')}
        {block.takes.length
          ? ` (${trans.__('takes %1', block.takes.join(', '))})`
          : ''}
      </summary>
      {above.map(other => (
        <label key={other.key} className="mage-Import-input">
          <input
            type="checkbox"
            checked={block.upstream.includes(other.key)}
            onChange={event =>
              onEdit({
                upstream: event.target.checked
                  ? [...block.upstream, other.key]
                  : block.upstream.filter(key => key !== other.key)
              })
            }
          />
          {other.name}
          <span className="mage-Form-hint">
            {other.gives.length
              ? trans.__('gives %1', other.gives.join(', '))
              : trans.__('gives nothing')}
          </span>
        </label>
      ))}
    </details>
  );
}

/** Show what a notebook would become, and make it; null when it was not wanted. */
export async function importNotebook(
  project: string,
  path: string,
  trans: TranslationBundle
): Promise<IPipeline | null> {
  let body = new ImportBody(project, path, trans);
  for (;;) {
    const result = await showDialog({
      title: trans.__('Import “%1” as a pipeline', path),
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Create the pipeline') })
      ],
      focusNodeSelector: '.mage-Import input'
    });
    if (!result.button.accept || !body.draft) {
      return null;
    }
    try {
      return await body.make();
    } catch (error) {
      body.error = (error as Error).message;
      body = new ImportBody(project, path, trans, body);
    }
  }
}
