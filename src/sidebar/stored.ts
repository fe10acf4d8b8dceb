/** What the foot of the sidebar says about stored outputs. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IHealth } from '../api/types';
import { bytesText, countText } from '../ui/figures';

export interface IStoredText {
  text: string;
  /** What stays, and for how long. */
  title: string;
}

/** Null when the server does not know the size. */
export function storedText(
  health: IHealth,
  trans: TranslationBundle
): IStoredText | null {
  const {
    products_bytes,
    products_keep,
    products_limit,
    runs_keep,
    runs_limit
  } = health;
  if (products_bytes === null) {
    return null;
  }
  const title = [
    trans.__('Outputs and logs of blocks take %1.', bytesText(products_bytes))
  ];
  if (products_keep !== null && products_limit !== null) {
    title.push(
      trans.__(
        'Of what was run in notebooks, the newest %1 versions of each block are kept, at most %2 for each block.',
        countText(products_keep),
        bytesText(products_limit)
      )
    );
  }
  if (runs_keep !== null && runs_limit !== null) {
    title.push(
      trans.__(
        'The newest %1 runs of each pipeline are kept, at most %2 for each block; older ones go as a whole.',
        countText(runs_keep),
        bytesText(runs_limit)
      )
    );
  }
  return {
    text: trans.__('Stored outputs: %1', bytesText(products_bytes)),
    title: title.join(' ')
  };
}
