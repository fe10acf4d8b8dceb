import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IMissingPackage } from '../api/types';
import type { ITrial } from '../model/trial';

/** How trying a connection went, and what can be done about it. */
export function TrialLine(props: {
  trial: ITrial;
  trans: TranslationBundle;
  /** Install what is missing; left out where nothing can be asked now. */
  onInstall?: (missing: IMissingPackage) => void;
}): React.JSX.Element {
  const { trial, trans, onInstall } = props;
  const { result, error, stop } = trial;
  if (stop) {
    return (
      <p className="mage-Connection-trial" role="status">
        {trans.__('Trying, in a kernel of the project …')}
        <button
          type="button"
          className="mage-Link"
          onClick={() => stop.abort()}
        >
          {trans.__('Cancel')}
        </button>
      </p>
    );
  }
  const missing = result?.missing_package;
  const ok = result?.ok ?? false;
  return (
    <p className="mage-Connection-trial" data-ok={ok} role="status">
      <span>
        <span aria-hidden="true">{ok ? '✓ ' : '✕ '}</span>
        {result?.message ?? error}
        {result && ok ? ` (${result.seconds.toFixed(2)} s)` : ''}
      </span>
      {missing && onInstall ? (
        <button
          type="button"
          className="mage-Link"
          onClick={() => onInstall(missing)}
        >
          {trans.__('Install %1 into %2', missing.package, missing.environment)}
        </button>
      ) : null}
    </p>
  );
}
