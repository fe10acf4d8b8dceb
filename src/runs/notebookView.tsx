import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IOutput } from '@jupyterlab/nbformat';
import { downloadIcon } from '@jupyterlab/ui-components';
import type { PartialJSONObject } from '@lumino/coreutils';
import React from 'react';

import { apiUrl, request } from '../api/request';
import type { IRun } from '../api/types';
import { blockLook } from '../ui/blockTypes';
import { StateBadge } from '../ui/state';
import { parseAnsi } from './ansi';
import type { IRunsContext } from './context';
import { isRich, RichOutput } from './richOutput';

interface ICell {
  id: string;
  cell_type: string;
  source: string | string[];
  outputs?: IOutput[];
  metadata: {
    mage?: { uuid: string; name: string; type: string; language: string };
    mage_state?: { state: string; attempt: number };
  };
}

interface INotebookViewProps extends IRunsContext {
  run: IRun;
  /** Block whose cell is shown; null for all. */
  selected: string | null;
  languages: IEditorLanguageRegistry | null;
}

const text = (value: unknown): string =>
  Array.isArray(value) ? value.join('') : String(value ?? '');

/** A run as the notebook it could have been: code, and what it put out. */
export function NotebookView(props: INotebookViewProps): JSX.Element {
  const { run, selected, trans } = props;
  const [cells, setCells] = React.useState<ICell[] | null>(null);
  const [error, setError] = React.useState<string | null>(null);
  // Read anew when a step has news.
  const news = run.steps.map(step => `${step.state} ${step.attempt}`).join();
  React.useEffect(() => {
    let gone = false;
    request<{ cells: ICell[] }>(['runs', run.id, 'notebook']).then(
      book => {
        if (!gone) {
          // Headings are for those who open the file.
          setCells(book.cells.filter(cell => cell.metadata.mage));
          setError(null);
        }
      },
      reason => !gone && setError((reason as Error).message)
    );
    return () => {
      gone = true;
    };
  }, [run.id, news]);
  if (error !== null) {
    return (
      <div className="mage-Empty" role="alert">
        <p>{error}</p>
      </div>
    );
  }
  if (!cells) {
    return (
      <div className="mage-Empty mage-mod-late">
        <p>{trans.__('Loading…')}</p>
      </div>
    );
  }
  const shown = cells.filter(
    cell => !selected || cell.metadata.mage?.uuid === selected
  );
  return (
    <div className="mage-RunBook">
      <div className="mage-RunBook-bar">
        <span className="mage-Form-hint">
          {trans.__('The code that this run worked with, and its outputs.')}
        </span>
        <a
          className="mage-Button mage-mod-small"
          href={apiUrl(['runs', run.id, 'notebook'])}
          download
        >
          <downloadIcon.react tag="span" />
          {trans.__('Download .ipynb')}
        </a>
      </div>
      {(shown.length ? shown : cells).map(cell => (
        <Cell key={cell.id} {...props} cell={cell} />
      ))}
    </div>
  );
}

function Cell(props: INotebookViewProps & { cell: ICell }): JSX.Element {
  const { cell, trans } = props;
  const { mage, mage_state: state } = cell.metadata;
  const type = mage?.type ?? cell.cell_type;
  const look = blockLook(type);
  return (
    <section
      className="mage-RunBook-cell"
      aria-label={mage?.name}
      style={{ ['--mage-type-color' as string]: look.color }}
    >
      <h4 className="mage-Log-head">
        {state && <StateBadge state={state.state} trans={trans} />}
        <span>{mage?.name ?? cell.id}</span>
      </h4>
      <Source {...props} />
      <div className="mage-RunBook-outputs">
        {(cell.outputs ?? []).map((output, index) => (
          <Output key={index} {...props} output={output} />
        ))}
      </div>
    </section>
  );
}

/** The code in the colours of the editor. */
function Source(props: INotebookViewProps & { cell: ICell }): JSX.Element {
  const { cell, languages } = props;
  const host = React.useRef<HTMLPreElement>(null);
  const code = text(cell.source);
  const language = cell.metadata.mage?.language ?? 'python';
  React.useEffect(() => {
    const node = host.current;
    if (node && languages) {
      node.textContent = '';
      languages
        .highlight(code, languages.findByName(language), node)
        .catch(() => {
          node.textContent = code;
        });
    }
  }, [code, language, languages]);
  return (
    <pre className="mage-RunBook-source" ref={host} tabIndex={0}>
      {languages ? null : code}
    </pre>
  );
}

function Output(
  props: INotebookViewProps & { output: IOutput }
): JSX.Element | null {
  const { output, rendermime } = props;
  const data = output.data as PartialJSONObject | undefined;
  if (isRich(data)) {
    return (
      <RichOutput
        data={data as PartialJSONObject}
        metadata={output.metadata as PartialJSONObject | undefined}
        rendermime={rendermime}
      />
    );
  }
  const words =
    output.output_type === 'error'
      ? (output.traceback as string[]).join('\n')
      : text(output.text ?? data?.['text/plain']);
  return (
    <div className="jp-RenderedText">
      <pre>
        {parseAnsi(words).map((piece, index) => (
          <span key={index} className={piece.className} style={piece.style}>
            {piece.text}
          </span>
        ))}
      </pre>
    </div>
  );
}
