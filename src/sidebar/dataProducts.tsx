import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { request } from '../api/request';
import type {
  IDataProduct,
  IPage,
  IPipeline,
  IPipelineSummary
} from '../api/types';
import { freshnessText } from '../ui/freshness';
import { ChoiceField, formDialog, TextField } from '../ui/form';

type Age = 'years' | 'months' | 'weeks' | 'days' | 'hours' | 'minutes';

const SECONDS: Partial<Record<Age, number>> = {
  days: 86_400,
  hours: 3_600,
  minutes: 60
};

interface IProductForm {
  name: string;
  pipeline: string;
  number: string;
  unit: Age;
  hour: string;
  weekday: string;
  monthday: string;
  blocks: Record<string, number>;
}

/** The one age that a form shows, of what the file says. */
function ageOf(after: Record<string, number>): { number: string; unit: Age } {
  for (const unit of ['years', 'months', 'weeks'] as const) {
    if (after[unit]) {
      return { number: String(after[unit]), unit };
    }
  }
  const seconds = after['seconds'] ?? 0;
  for (const unit of ['days', 'hours', 'minutes'] as const) {
    const size = SECONDS[unit] ?? 1;
    if (seconds && seconds % size === 0) {
      return { number: String(seconds / size), unit };
    }
  }
  return seconds
    ? { number: String(seconds / 60), unit: 'minutes' }
    : { number: '', unit: 'days' };
}

function formOf(product: IDataProduct | null): IProductForm {
  const starting = product?.outdated_starting_at ?? {};
  const text = (value: number | undefined): string =>
    value === undefined ? '' : String(value);
  return {
    name: product?.id ?? '',
    pipeline: product?.pipeline ?? '',
    ...ageOf(product?.outdated_after ?? { seconds: 86_400 }),
    hour: text(starting['hour_of_day']),
    weekday: text(starting['day_of_week']),
    monthday: text(starting['day_of_month']),
    blocks: { ...(product?.settings ?? {}) }
  };
}

function bodyOf(
  form: IProductForm,
  before: IDataProduct | null
): Record<string, unknown> {
  const number = Number(form.number);
  const seconds = SECONDS[form.unit];
  const after = !form.number
    ? {}
    : seconds
      ? { seconds: number * seconds }
      : { [form.unit]: number };
  const starting: Record<string, number> = {
    ...(before?.outdated_starting_at ?? {})
  };
  for (const [key, value] of [
    ['hour_of_day', form.hour],
    ['day_of_week', form.weekday],
    ['day_of_month', form.monthday]
  ]) {
    if (value === '') {
      delete starting[key];
    } else {
      starting[key] = Number(value);
    }
  }
  return {
    pipeline: form.pipeline,
    outdated_after: after,
    outdated_starting_at: starting,
    settings: form.blocks
  };
}

/** Register a product, or edit one; false when it was cancelled. */
async function editProduct(
  project: string,
  pipelines: readonly IPipelineSummary[],
  product: IDataProduct | null,
  trans: TranslationBundle
): Promise<boolean> {
  let value = formOf(product);
  value.pipeline ||= pipelines[0]?.id ?? '';
  for (let problem: string | null = null; ;) {
    const form: IProductForm | undefined = await formDialog<IProductForm>({
      title: product
        ? trans.__('Global data product “%1”', product.id)
        : trans.__('Register a global data product'),
      accept: product ? trans.__('Save') : trans.__('Register'),
      trans,
      value,
      fault: said =>
        !said.name.trim()
          ? trans.__('Give it a name.')
          : said.number && !(Number(said.number) > 0)
            ? trans.__('The age must be a number above 0.')
            : null,
      fields: (said, change) => (
        <>
          {problem ? (
            <p className="mage-Field-error" role="alert">
              {problem}
            </p>
          ) : null}
          <ProductFields
            project={project}
            pipelines={pipelines}
            isNew={!product}
            value={said}
            change={next => {
              problem = null;
              change(next);
            }}
            trans={trans}
          />
        </>
      )
    });
    if (!form) {
      return false;
    }
    value = form;
    const body = bodyOf(form, product);
    try {
      if (product) {
        await request(['projects', project, 'data-products', product.slug], {
          method: 'PATCH',
          body
        });
      } else {
        await request(['projects', project, 'data-products'], {
          method: 'POST',
          body: { ...body, name: form.name.trim() }
        });
      }
      return true;
    } catch (error) {
      problem = (error as Error).message;
    }
  }
}

function ProductFields(props: {
  project: string;
  pipelines: readonly IPipelineSummary[];
  isNew: boolean;
  value: IProductForm;
  change: (value: IProductForm) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { pipelines, value, change, trans } = props;
  const days = [
    trans.__('Sunday'),
    trans.__('Monday'),
    trans.__('Tuesday'),
    trans.__('Wednesday'),
    trans.__('Thursday'),
    trans.__('Friday'),
    trans.__('Saturday')
  ];
  const units: [string, string][] = [
    ['minutes', trans.__('minutes')],
    ['hours', trans.__('hours')],
    ['days', trans.__('days')],
    ['weeks', trans.__('weeks')],
    ['months', trans.__('months')],
    ['years', trans.__('years')]
  ];
  const numbers = (from: number, to: number): [string, string][] =>
    Array.from({ length: to - from + 1 }, (_, at) => [
      String(from + at),
      String(from + at)
    ]);
  return (
    <>
      {props.isNew ? (
        <TextField
          label={trans.__('Name')}
          value={value.name}
          placeholder={trans.__('for example: daily orders')}
          onChange={name => change({ ...value, name })}
        />
      ) : null}
      <ChoiceField
        label={trans.__('Pipeline that makes it')}
        value={value.pipeline}
        choices={pipelines.map(item => [item.id, item.name])}
        onChange={pipeline => change({ ...value, pipeline, blocks: {} })}
      />
      <Blocks {...props} />
      <div className="mage-Form-columns">
        <TextField
          label={trans.__('Too old after')}
          hint={trans.__('Empty: made once, then kept')}
          type="number"
          value={value.number}
          onChange={number => change({ ...value, number })}
        />
        <ChoiceField
          label={trans.__('Unit')}
          value={value.unit}
          choices={units}
          onChange={unit => change({ ...value, unit: unit as Age })}
        />
      </div>
      <div className="mage-Form-columns">
        <ChoiceField
          label={trans.__('But only from this hour (UTC)')}
          value={value.hour}
          choices={[['', trans.__('any')], ...numbers(0, 23)]}
          onChange={hour => change({ ...value, hour })}
        />
        <ChoiceField
          label={trans.__('from this day of the week')}
          value={value.weekday}
          choices={[
            ['', trans.__('any')],
            ...days.map((name, at): [string, string] => [String(at), name])
          ]}
          onChange={weekday => change({ ...value, weekday })}
        />
        <ChoiceField
          label={trans.__('from this day of the month')}
          value={value.monthday}
          choices={[['', trans.__('any')], ...numbers(1, 31)]}
          onChange={monthday => change({ ...value, monthday })}
        />
      </div>
    </>
  );
}

/** Which blocks' outputs are handed on, and of how many runs. */
function Blocks(props: {
  project: string;
  pipelines: readonly IPipelineSummary[];
  value: IProductForm;
  change: (value: IProductForm) => void;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { project, pipelines, value, change, trans } = props;
  const [found, setFound] = React.useState<IPipeline | null>(null);
  const slug = pipelines.find(item => item.id === value.pipeline)?.slug;
  React.useEffect(() => {
    let gone = false;
    setFound(null);
    if (slug) {
      request<IPipeline>(['projects', project, 'pipelines', slug]).then(
        item => !gone && setFound(item),
        () => undefined
      );
    }
    return () => {
      gone = true;
    };
  }, [project, slug]);
  const blocks = (found?.blocks ?? []).filter(
    block =>
      block.role === 'block' &&
      block.type !== 'markdown' &&
      block.type !== 'scratchpad'
  );
  if (!found) {
    return null;
  }
  return (
    <div
      className="mage-Form-field"
      role="group"
      aria-label={trans.__('Outputs that are handed on')}
    >
      <span>{trans.__('Outputs that are handed on')}</span>
      {blocks.length ? null : (
        <span className="mage-Form-hint">
          {trans.__('This pipeline has no saved block yet.')}
        </span>
      )}
      {blocks.map(block => {
        const chosen = block.id in value.blocks;
        return (
          <div className="mage-DataProduct-block" key={block.id}>
            <label className="mage-Form-check">
              <input
                type="checkbox"
                checked={chosen}
                onChange={event => {
                  const next = { ...value.blocks };
                  if (event.target.checked) {
                    next[block.id] = 1;
                  } else {
                    delete next[block.id];
                  }
                  change({ ...value, blocks: next });
                }}
              />
              {block.name}
            </label>
            {chosen ? (
              <label className="mage-DataProduct-runs">
                {trans.__('of the newest runs (0: all)')}
                <input
                  className="mage-Field-input"
                  type="number"
                  min={0}
                  value={value.blocks[block.id]}
                  onChange={event =>
                    change({
                      ...value,
                      blocks: {
                        ...value.blocks,
                        [block.id]: Math.max(0, Number(event.target.value))
                      }
                    })
                  }
                />
              </label>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}

type Choice = { edit: IDataProduct } | { remove: IDataProduct } | null;

class ProductsBody extends ReactWidget {
  constructor(
    private readonly _products: readonly IDataProduct[],
    private readonly _trans: TranslationBundle,
    private readonly _choose: (choice: Choice) => void
  ) {
    super();
    this.addClass('mage-DataProducts');
  }

  protected render(): React.JSX.Element {
    const trans = this._trans;
    if (!this._products.length) {
      return (
        <p>
          {trans.__(
            'None yet. A global data product is the output of a pipeline that other pipelines use; it is made again when it is too old.'
          )}
        </p>
      );
    }
    return (
      <ul>
        {this._products.map(product => (
          <li key={product.id}>
            <div>
              <strong>{product.id}</strong>
              <span> · {product.pipeline}</span>
              <span className="mage-Form-hint">{product.words}</span>
              <span className="mage-Form-hint" data-state={product.state}>
                {freshnessText(product, trans)}
              </span>
            </div>
            <button
              type="button"
              className="mage-IconButton"
              title={trans.__('Edit')}
              aria-label={trans.__('Edit “%1”', product.id)}
              onClick={() => this._choose({ edit: product })}
            >
              <editIcon.react tag="span" />
            </button>
            <button
              type="button"
              className="mage-IconButton"
              title={trans.__('Remove')}
              aria-label={trans.__('Remove “%1”', product.id)}
              onClick={() => this._choose({ remove: product })}
            >
              <deleteIcon.react tag="span" />
            </button>
          </li>
        ))}
      </ul>
    );
  }
}

async function removeProduct(
  project: string,
  product: IDataProduct,
  trans: TranslationBundle
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Remove the global data product “%1”?', product.id),
    body: trans.__(
      'Blocks that use it fail until they name another one. The pipeline “%1” and its runs stay.',
      product.pipeline
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep it') }),
      Dialog.warnButton({ label: trans.__('Remove') })
    ],
    defaultButton: 0
  });
  if (button.accept) {
    await request(['projects', project, 'data-products', product.slug], {
      method: 'DELETE'
    });
  }
}

/** List the global data products of a project; register, edit and remove them. */
export async function manageDataProducts(
  project: string,
  name: string,
  pipelines: readonly IPipelineSummary[],
  trans: TranslationBundle
): Promise<void> {
  for (;;) {
    const page = await request<IPage<IDataProduct>>(
      ['projects', project, 'data-products'],
      { query: { limit: 200 } }
    );
    let choice: Choice = null;
    const body = new ProductsBody(page.items, trans, chosen => {
      choice = chosen;
      dialog.reject();
    });
    const dialog = new Dialog<void>({
      title: trans.__('Global data products of “%1”', name),
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Close') }),
        Dialog.okButton({ label: trans.__('Register…') })
      ]
    });
    const { button } = await dialog.launch();
    const chosen = choice as Choice;
    if (chosen && 'edit' in chosen) {
      await editProduct(project, pipelines, chosen.edit, trans);
    } else if (chosen) {
      await removeProduct(project, chosen.remove, trans);
    } else if (button.accept) {
      await editProduct(project, pipelines, null, trans);
    } else {
      return;
    }
  }
}
