import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** A switch that is obviously on or off: its place, its colour and its word. */
export function OnOff(props: {
  on: boolean;
  label: string;
  disabled?: boolean;
  trans: TranslationBundle;
  onChange: (on: boolean) => void;
}): JSX.Element {
  const { on, label, disabled, trans, onChange } = props;
  return (
    <button
      type="button"
      role="switch"
      className="mage-Switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
    >
      <span className="mage-Switch-track" aria-hidden="true">
        <span className="mage-Switch-thumb" />
      </span>
      <span className="mage-Switch-word">
        {on ? trans.__('On') : trans.__('Off')}
      </span>
    </button>
  );
}
