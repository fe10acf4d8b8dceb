import { ReactWidget } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { ITranslator } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import type { IRun } from '../api/types';
import { runsIcon } from '../icons';
import { durationText, shapeText } from '../ui/figures';
import { pipelineName } from '../model/pipelineName';
import { GraphView } from '../ui/graph/GraphView';
import { stateWord } from '../ui/state';
import { secondsBetween } from '../ui/time';
import { childCount, topSteps } from './children';
import type { IRunsContext } from './context';
import { LogView } from './logView';
import { NotebookView } from './notebookView';
import { ProductsView } from './productsView';
import { RunHeader } from './runHeader';
import { RunModel } from './runModel';
import { TimelineView } from './timelineView';

export type RunTab = 'timeline' | 'log' | 'products' | 'notebook';

const TABS: readonly RunTab[] = ['timeline', 'log', 'products', 'notebook'];

export interface IRunPageOptions extends IRunsContext {
  translator: ITranslator;
  languages: IEditorLanguageRegistry | null;
  run: string;
  tab?: RunTab | null;
}

/** The page of one run. */
export class RunPage extends ReactWidget {
  constructor(private readonly _options: IRunPageOptions) {
    super();
    this.addClass('mage-Run');
    this.runId = _options.run;
    this._tab = _options.tab ?? null;
    this._model = new RunModel(_options.workspace, this.runId);
    this._model.changed.connect(this._onRun, this);
    this.title.icon = runsIcon;
    this.title.label = _options.trans.__('Run');
  }

  readonly runId: string;

  /** The tab that was chosen; null while none was. */
  get tab(): RunTab | null {
    return this._tab;
  }

  get tabChanged(): ISignal<this, void> {
    return this._tabChanged;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._model.dispose();
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    return (
      <RunView
        {...this._options}
        model={this._model}
        tab={this._tab}
        onTab={tab => {
          this._tab = tab;
          this._tabChanged.emit();
          this.update();
        }}
      />
    );
  }

  private _onRun(): void {
    const { run } = this._model;
    const { trans, workspace } = this._options;
    if (run) {
      const name = pipelineName(workspace, run.project, run.pipeline);
      this.title.label = trans.__('Run of %1', name);
      this.title.caption = `${name} · ${stateWord(run.state, trans)}`;
    }
    this.update();
  }

  private readonly _model: RunModel;
  private _tab: RunTab | null;
  private readonly _tabChanged = new Signal<this, void>(this);
}

interface IViewProps extends IRunPageOptions {
  model: RunModel;
  tab: RunTab | null;
  onTab: (tab: RunTab) => void;
}

function RunView(props: IViewProps): JSX.Element {
  const { model, trans } = props;
  const { run } = model;
  if (!run) {
    return model.error ? (
      <div className="mage-Empty" role="alert">
        <p>{model.error}</p>
        <button className="mage-Button" onClick={() => model.refresh()}>
          {trans.__('Try again')}
        </button>
      </div>
    ) : (
      <div className="mage-Empty mage-mod-late">
        <p>{trans.__('Loading…')}</p>
      </div>
    );
  }
  return <LoadedRun {...props} run={run} />;
}

/** A failed run opens on its error, an active one on what happens now. */
function firstTab(run: IRun): RunTab {
  return run.state === 'failed' || run.state === 'interrupted'
    ? 'log'
    : 'timeline';
}

function useGraph(
  run: IRun
): Pick<React.ComponentProps<typeof GraphView>, 'nodes' | 'edges'> {
  const { steps } = run;
  return React.useMemo(() => {
    const tops = topSteps(steps);
    const known = new Set(tops.map(step => step.block));
    return {
      nodes: tops.map(step => {
        const { total, ended } = childCount(steps, step.block);
        const seconds = step.ended
          ? secondsBetween(step.started, step.ended)
          : null;
        const table = step.outputs.find(output => output.rows !== null);
        return {
          id: step.block,
          name: step.name,
          type: step.type,
          language: step.language,
          state: step.state,
          detail: [
            total > 0 ? `${ended}/${total} ×` : null,
            shapeText(table?.rows, table?.columns),
            seconds === null ? null : durationText(seconds)
          ]
            .filter(Boolean)
            .join(' · ')
        };
      }),
      edges: tops.flatMap(step =>
        step.upstream
          .filter(block => known.has(block))
          .map(block => ({ source: block, target: step.block }))
      )
    };
  }, [steps]);
}

function LoadedRun(
  props: Omit<IViewProps, 'run'> & { run: IRun }
): JSX.Element {
  const { run, model, trans, onTab } = props;
  const tab = props.tab ?? firstTab(run);
  const failed = run.steps.find(step => step.state === 'failed');
  const [chosen, setChosen] = React.useState<string | null | undefined>();
  const selected = chosen === undefined ? (failed?.block ?? null) : chosen;
  const graph = useGraph(run);
  const names: Record<RunTab, string> = {
    timeline: trans.__('Timeline'),
    log: trans.__('Log'),
    products: trans.__('Products'),
    notebook: trans.__('Notebook')
  };
  return (
    <>
      <RunHeader {...props} usual={model.usual} />
      {model.error && (
        <p className="mage-Message" role="alert">
          {model.error}
        </p>
      )}
      <div className="mage-Run-body">
        <div className="mage-Run-graph">
          <GraphView
            {...graph}
            selected={selected}
            onSelect={setChosen}
            translator={props.translator}
            label={trans.__('Blocks of this run')}
          />
        </div>
        <div className="mage-Run-side">
          <Tabs tab={tab} names={names} onTab={onTab} id={props.run.id} />
          <div
            className="mage-Run-panel"
            role="tabpanel"
            id={`mage-run-${run.id}-${tab}`}
            aria-label={names[tab]}
          >
            {tab === 'timeline' && (
              <TimelineView
                run={run}
                selected={selected}
                onSelect={block => {
                  setChosen(block);
                  // A block with children first shows them.
                  if (
                    block === selected ||
                    !run.steps.some(step => step.group === block)
                  ) {
                    onTab('log');
                  }
                }}
                trans={trans}
              />
            )}
            {tab === 'log' && (
              <LogView
                {...props}
                steps={run.steps}
                selected={selected}
                onSelect={setChosen}
              />
            )}
            {tab === 'products' && (
              <ProductsView
                {...props}
                run={run}
                selected={chosen ?? null}
                onSelect={setChosen}
              />
            )}
            {tab === 'notebook' && (
              <NotebookView {...props} run={run} selected={chosen ?? null} />
            )}
          </div>
        </div>
      </div>
    </>
  );
}

function Tabs(props: {
  id: string;
  tab: RunTab;
  names: Record<RunTab, string>;
  onTab: (tab: RunTab) => void;
}): JSX.Element {
  const { id, tab, names, onTab } = props;
  const onKeyDown = (event: React.KeyboardEvent<HTMLDivElement>): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      const at = (TABS.indexOf(tab) + by + TABS.length) % TABS.length;
      onTab(TABS[at]);
      (event.currentTarget.children[at] as HTMLElement).focus();
    }
  };
  return (
    <div className="mage-Run-tabs" role="tablist" onKeyDown={onKeyDown}>
      {TABS.map(name => (
        <button
          key={name}
          role="tab"
          aria-selected={tab === name}
          aria-controls={`mage-run-${id}-${name}`}
          tabIndex={tab === name ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {names[name]}
        </button>
      ))}
    </div>
  );
}
