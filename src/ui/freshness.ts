import type { TranslationBundle } from '@jupyterlab/translation';

import type { IDataProduct } from '../api/types';
import { formatMoment } from './time';

/** How fresh a global data product is, in words. */
export function freshnessText(
  product: IDataProduct,
  trans: TranslationBundle
): string {
  if (product.making) {
    return trans.__('being made now');
  }
  const made = formatMoment(product.last_made);
  switch (product.state) {
    case 'fresh':
      return trans.__('fresh, made %1', made);
    case 'outdated':
      return trans.__('too old, made %1', made);
    case 'broken':
      return trans.__('its pipeline “%1” is not there', product.pipeline);
    default:
      return trans.__('never made yet');
  }
}
