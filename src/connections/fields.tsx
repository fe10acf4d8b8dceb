import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import {
  type Draft,
  freeName,
  type IEntry,
  type IField,
  type Kind,
  shownOf
} from './draft';

interface IFieldProps {
  field: IField;
  draft: Draft;
  profile: string;
  secrets: readonly string[];
  disabled: boolean;
  trans: TranslationBundle;
  onChange: (entry: IEntry) => void;
}

/** One key: where its value comes from, and the value or the name of it. */
export function FieldRow(props: IFieldProps): React.JSX.Element {
  const { field, draft, trans, disabled, onChange } = props;
  const shown = shownOf(field, draft);
  const id = React.useId();
  if (shown.kind === 'remove') {
    return (
      <div className="mage-Connection-row" data-changed="true">
        <span className="mage-Connection-label">{field.label}</span>
        <span className="mage-Connection-gone">
          {trans.__('Will be removed')}
        </span>
        <button
          type="button"
          className="mage-Link"
          onClick={() => onChange(shownOf(field, new Map()))}
        >
          {trans.__('Keep it')}
        </button>
      </div>
    );
  }
  return (
    <div className="mage-Connection-row" data-changed={draft.has(field.id)}>
      <label className="mage-Connection-label" htmlFor={id}>
        {field.label}
      </label>
      <Source {...props} kind={shown.kind} />
      <div className="mage-Connection-value">
        <Input {...props} id={id} shown={shown} />
      </div>
      <button
        type="button"
        className="mage-IconButton"
        disabled={disabled || (!field.stored && !draft.has(field.id))}
        title={trans.__('Remove this key')}
        aria-label={trans.__('Remove %1', field.label)}
        onClick={() => onChange({ kind: 'remove', text: '' })}
      >
        <closeIcon.react tag="span" />
      </button>
    </div>
  );
}

/** Where the value comes from. */
function Source(props: IFieldProps & { kind: Kind }): React.JSX.Element {
  const { field, trans, profile, kind, onChange } = props;
  const key = field.path[field.path.length - 1];
  const kept = field.stored?.kind;
  const choices: [Kind, string][] = [
    ['env', trans.__('environment')],
    ['secret', trans.__('secret')]
  ];
  if (!field.secret) {
    choices.unshift(['text', trans.__('value')]);
  }
  if (kept === 'hidden' || kept === 'template') {
    choices.unshift([
      kept,
      kept === 'hidden' ? trans.__('kept in the file') : trans.__('template')
    ]);
  }
  const choose = (next: Kind): void => {
    if (next === kept) {
      onChange({ kind: next, text: field.stored?.text ?? '' });
    } else if (next === 'secret') {
      onChange({ kind: next, text: freeName(key, profile) });
    } else {
      onChange({ kind: next, text: next === 'env' ? key : '' });
    }
  };
  return (
    <select
      className="mage-Field-input"
      aria-label={trans.__('Where %1 comes from', field.label)}
      value={kind}
      disabled={props.disabled}
      onChange={event => choose(event.target.value as Kind)}
    >
      {choices.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function Input(
  props: IFieldProps & { id: string; shown: IEntry }
): React.JSX.Element {
  const { field, shown, id, trans, disabled, onChange } = props;
  if (shown.kind === 'hidden') {
    return (
      <span id={id} className="mage-Connection-hint">
        {trans.__('There, and not shown')}
      </span>
    );
  }
  if (shown.kind === 'template') {
    return <code id={id}>{shown.text}</code>;
  }
  if (shown.kind === 'env' || shown.kind === 'secret') {
    return <Reference {...props} />;
  }
  const choices =
    field.kind === 'switch' ? ['true', 'false'] : [...field.choices];
  if (choices.length) {
    const all = ['', ...choices, shown.text];
    return (
      <select
        id={id}
        className="mage-Field-input"
        value={shown.text}
        disabled={disabled}
        onChange={event => onChange({ kind: 'text', text: event.target.value })}
      >
        {[...new Set(all)].map(choice => (
          <option key={choice} value={choice}>
            {choice || trans.__('not set')}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      id={id}
      className="mage-Field-input"
      value={shown.text}
      inputMode={field.kind === 'number' ? 'numeric' : undefined}
      placeholder={field.stored ? '' : trans.__('not set')}
      disabled={disabled}
      spellCheck={false}
      onChange={event => onChange({ kind: 'text', text: event.target.value })}
    />
  );
}

/** The name that is referred to; for a secret its new value too. */
function Reference(
  props: IFieldProps & { id: string; shown: IEntry }
): React.JSX.Element {
  const { field, shown, id, secrets, trans, disabled, onChange } = props;
  const secret = shown.kind === 'secret';
  const list = `${id}-names`;
  return (
    <>
      <input
        id={id}
        className="mage-Field-input"
        value={shown.text}
        list={secret ? list : undefined}
        placeholder={
          secret ? trans.__('name of a secret') : trans.__('name of a variable')
        }
        disabled={disabled}
        spellCheck={false}
        onChange={event => onChange({ ...shown, text: event.target.value })}
      />
      {secret ? (
        <>
          <datalist id={list}>
            {secrets.map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <input
            className="mage-Field-input"
            type="password"
            autoComplete="new-password"
            aria-label={trans.__('New value of %1', field.label)}
            placeholder={
              secrets.includes(shown.text)
                ? trans.__('new value (empty: as it is)')
                : trans.__('value, to keep as a secret')
            }
            value={shown.value ?? ''}
            disabled={disabled}
            onChange={event =>
              onChange({ ...shown, value: event.target.value || undefined })
            }
          />
        </>
      ) : null}
      <Known {...props} />
    </>
  );
}

/** Whether the name that is referred to is there. */
function Known(props: IFieldProps & { shown: IEntry }): React.JSX.Element {
  const { field, shown, secrets, trans } = props;
  const { stored } = field;
  const same = stored?.kind === shown.kind && stored.text === shown.text;
  const known = same
    ? stored.known
    : shown.kind === 'secret'
      ? secrets.includes(shown.text) || null
      : null;
  if (shown.value || known === null || known === undefined || !shown.text) {
    return <span />;
  }
  return (
    <span className="mage-Connection-hint" data-known={known}>
      {known
        ? trans.__('✓ is there')
        : shown.kind === 'secret'
          ? trans.__('✕ there is no such secret yet')
          : trans.__('✕ the server has no such variable')}
    </span>
  );
}
