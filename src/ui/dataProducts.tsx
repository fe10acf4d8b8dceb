import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { request } from '../api/request';
import type { IDataProduct, IPage } from '../api/types';
import { freshnessText } from './freshness';

/** The registered products of a project. */
export async function fetchProducts(project: string): Promise<IDataProduct[]> {
  const page = await request<IPage<IDataProduct>>(
    ['projects', project, 'data-products'],
    { query: { limit: 200 } }
  );
  return page.items;
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
    <span
      className="mage-Header-product"
      title={
        found
          ? `${product}: ${freshnessText(found, trans)}. ${found.words}`
          : product
      }
    >
      <span>{product}</span>
      {found ? (
        <span data-state={found.state}> · {freshnessText(found, trans)}</span>
      ) : null}
    </span>
  );
}
