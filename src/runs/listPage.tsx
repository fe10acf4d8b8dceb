import { ReactWidget } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';

import { request } from '../api/request';
import type { IPage, IRunSummary } from '../api/types';
import { CommandIDs } from '../commands';
import { runsIcon } from '../icons';
import { isActive, mergeRuns } from '../model/changes';
import type { IRunsContext } from './context';
import { FilterBar } from './filterBar';
import type { IRunFilters } from './filters';
import {
  accepts,
  filtersFrom,
  hasText,
  isFiltered,
  NO_FILTERS,
  queryOf
} from './filters';
import { RunTable } from './runTable';

const PAGE = 50;

/** The page that lists runs; its filters outlive a reload. */
export class RunsPage extends ReactWidget {
  constructor(
    private readonly _context: IRunsContext,
    args: ReadonlyPartialJSONObject
  ) {
    super();
    this.addClass('mage-Runs');
    this._filters = filtersFrom(args);
    this.title.icon = runsIcon;
    this.title.label = _context.trans.__('Runs');
  }

  get filters(): IRunFilters {
    return this._filters;
  }
  set filters(filters: IRunFilters) {
    this._filters = filters;
    this._filtersChanged.emit();
    this.update();
  }

  get filtersChanged(): ISignal<this, void> {
    return this._filtersChanged;
  }

  protected render(): JSX.Element {
    return (
      <RunsView
        {...this._context}
        filters={this._filters}
        onFilters={filters => {
          this.filters = filters;
        }}
      />
    );
  }

  private _filters: IRunFilters;
  private readonly _filtersChanged = new Signal<this, void>(this);
}

interface IViewProps extends IRunsContext {
  filters: IRunFilters;
  onFilters: (filters: IRunFilters) => void;
}

interface IList {
  runs: IRunSummary[];
  next: string | null;
  loading: boolean;
  error: string | null;
  more: () => void;
}

/** The runs that the server lists for the filters, and those heard of since. */
function useRuns({ workspace }: IRunsContext, filters: IRunFilters): IList {
  const query = JSON.stringify(queryOf(filters));
  const [loaded, setLoaded] = React.useState<IRunSummary[]>([]);
  const [next, setNext] = React.useState<string | null>(null);
  const [loading, setLoading] = React.useState(true);
  const [error, setError] = React.useState<string | null>(null);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  const asked = React.useRef(0);

  const load = React.useCallback(
    async (cursor: string | null) => {
      const ask = ++asked.current;
      setLoading(true);
      try {
        const page = await request<IPage<IRunSummary>>(['runs'], {
          query: { ...JSON.parse(query), limit: PAGE, cursor }
        });
        if (ask === asked.current) {
          setLoaded(old => (cursor ? [...old, ...page.items] : page.items));
          setNext(page.next ?? null);
          setError(null);
        }
      } catch (reason) {
        if (ask === asked.current) {
          setError(reason instanceof Error ? reason.message : String(reason));
        }
      } finally {
        if (ask === asked.current) {
          setLoading(false);
        }
      }
    },
    [query]
  );

  React.useEffect(() => {
    setLoaded([]);
    void load(null);
  }, [load]);

  React.useEffect(() => {
    workspace.changed.connect(redraw);
    return () => {
      workspace.changed.disconnect(redraw);
    };
  }, [workspace]);

  // What the server's events told since wins over what was loaded.
  const heard = new Map(workspace.runs.map(run => [run.id, run]));
  const runs = mergeRuns(
    loaded.map(run => heard.get(run.id) ?? run),
    workspace.runs,
    Infinity
  ).filter(run => accepts(filters, run) && hasText(filters.text, run));
  return { runs, next, loading, error, more: () => void load(next) };
}

function RunsView(props: IViewProps): JSX.Element {
  const { commands, trans, filters, onFilters } = props;
  const list = useRuns(props, filters);
  const [chosen, setChosen] = React.useState<ReadonlySet<string>>(new Set());
  const picked = list.runs.filter(run => chosen.has(run.id));
  return (
    <>
      <FilterBar {...props} />
      {picked.length > 0 && (
        <BulkBar
          {...props}
          picked={picked}
          onDone={() => setChosen(new Set())}
        />
      )}
      {list.error && (
        <div className="mage-Message" role="alert">
          {list.error}
        </div>
      )}
      <div className="mage-Runs-body">
        {list.runs.length > 0 ? (
          <RunTable
            {...props}
            runs={list.runs}
            chosen={chosen}
            onChosen={setChosen}
          />
        ) : (
          !list.loading &&
          !list.error && (
            <div className="mage-Empty">
              {isFiltered(filters) ? (
                <>
                  <p>{trans.__('No run fits these filters.')}</p>
                  <button
                    className="mage-Button"
                    onClick={() => onFilters({ ...NO_FILTERS })}
                  >
                    {trans.__('Show all runs')}
                  </button>
                </>
              ) : (
                <>
                  <p>
                    {trans.__(
                      'Nothing has run yet. Run a pipeline now, or give it a trigger; its runs appear here, also those that happen while the browser is closed.'
                    )}
                  </p>
                  <div className="mage-Empty-buttons">
                    <button
                      className="mage-Button mage-mod-accept"
                      onClick={() =>
                        void commands.execute(CommandIDs.runPipeline)
                      }
                    >
                      {trans.__('Run a pipeline now')}
                    </button>
                    <button
                      className="mage-Button"
                      onClick={() =>
                        void commands.execute(CommandIDs.newTrigger)
                      }
                    >
                      {trans.__('New trigger')}
                    </button>
                  </div>
                </>
              )}
            </div>
          )
        )}
        {list.next && (
          <button
            className="mage-Button mage-Runs-more"
            disabled={list.loading}
            onClick={list.more}
          >
            {list.loading ? trans.__('Loading…') : trans.__('Load more')}
          </button>
        )}
      </div>
    </>
  );
}

function BulkBar(
  props: IViewProps & { picked: IRunSummary[]; onDone: () => void }
): JSX.Element {
  const { commands, trans, picked, onDone } = props;
  const active = picked.filter(run => isActive(run.state));
  const again = picked.filter(
    run => !isActive(run.state) && run.state !== 'completed'
  );
  const all = (command: string, runs: IRunSummary[]): void => {
    for (const run of runs) {
      void commands.execute(command, { run: run.id, quiet: true });
    }
    onDone();
  };
  return (
    <div className="mage-Runs-bulk" role="toolbar">
      <span>{trans._n('%1 chosen', '%1 chosen', picked.length)}</span>
      <button
        className="mage-Button mage-mod-small"
        disabled={!active.length}
        onClick={() => all(CommandIDs.cancelRun, active)}
      >
        {trans.__('Cancel %1', active.length)}
      </button>
      <button
        className="mage-Button mage-mod-small"
        disabled={!again.length}
        onClick={() => all(CommandIDs.retryRun, again)}
      >
        {trans.__('Retry %1', again.length)}
      </button>
      <button className="mage-Button mage-mod-small" onClick={onDone}>
        {trans.__('Choose none')}
      </button>
    </div>
  );
}
