import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { request } from '../api/request';
import type { IDataProduct, IPage } from '../api/types';
import { freshnessText } from '../ui/freshness';
import { ChoiceField } from '../ui/form';

type Configuration = Record<string, unknown>;

/** The product that a block's configuration names. */
export function productOf(
  configuration: Configuration | undefined
): string | null {
  const said = configuration?.['global_data_product'] as
    { uuid?: unknown } | undefined;
  return typeof said?.uuid === 'string' && said.uuid ? said.uuid : null;
}

/** The registered products of a project. */
export async function fetchProducts(project: string): Promise<IDataProduct[]> {
  const page = await request<IPage<IDataProduct>>(
    ['projects', project, 'data-products'],
    { query: { limit: 200 } }
  );
  return page.items;
}

/** Choose the product of a block. */
export function ProductField(props: {
  project: string;
  value: Configuration;
  trans: TranslationBundle;
  onChange: (value: Configuration) => void;
}): React.JSX.Element {
  const { project, value, trans, onChange } = props;
  const [products, setProducts] = React.useState<IDataProduct[]>([]);
  React.useEffect(() => {
    fetchProducts(project).then(setProducts, () => setProducts([]));
  }, [project]);
  const chosen = productOf(value) ?? '';
  const found = products.find(item => item.id === chosen);
  const names = [...new Set([chosen, ...products.map(item => item.id)])];
  return (
    <ChoiceField
      label={trans.__('Global data product')}
      hint={
        found
          ? `${found.words} ${freshnessText(found, trans)}`
          : trans.__(
              'Products are registered from the menu of the project in the sidebar.'
            )
      }
      value={chosen}
      choices={names.map(name => [name, name || trans.__('Choose one…')])}
      onChange={uuid =>
        onChange({
          ...value,
          global_data_product: {
            ...((value['global_data_product'] as object | undefined) ?? {}),
            uuid
          }
        })
      }
    />
  );
}

/** Which product a block hands on, and how fresh it is. */
export function ProductBadge(props: {
  project: string;
  product: string | null;
  /** Changes when the block ran. */
  version?: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { project, product, version, trans } = props;
  const [found, setFound] = React.useState<IDataProduct | null | undefined>();
  React.useEffect(() => {
    let gone = false;
    if (product) {
      fetchProducts(project).then(
        items =>
          !gone && setFound(items.find(item => item.id === product) ?? null),
        () => !gone && setFound(undefined)
      );
    }
    return () => {
      gone = true;
    };
  }, [project, product, version]);
  if (!product) {
    return (
      <span className="mage-Header-badge">
        {trans.__('no product chosen: see its settings')}
      </span>
    );
  }
  if (found === null) {
    return (
      <span className="mage-Header-badge">
        {trans.__('“%1” is not registered', product)}
      </span>
    );
  }
  return (
    <span className="mage-Header-product" title={found?.words}>
      <span>{product}</span>
      {found ? (
        <span data-state={found.state}> · {freshnessText(found, trans)}</span>
      ) : null}
    </span>
  );
}
