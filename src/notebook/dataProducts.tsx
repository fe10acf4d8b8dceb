import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IDataProduct } from '../api/types';
import { fetchProducts } from '../ui/dataProducts';
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
