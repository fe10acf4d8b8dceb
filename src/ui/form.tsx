import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A form in a dialog: `T` is what is being edited. */
export interface IFormDialog<T> {
  title: string;
  accept: string;
  value: T;
  trans: TranslationBundle;
  /** The fields. */
  fields: (value: T, change: (value: T) => void) => React.JSX.Element;
  /** What is wrong with the value, in words; null when it can be accepted. */
  fault?: (value: T) => string | null;
}

class FormBody<T> extends ReactWidget {
  /** `refused`: it was accepted once with a fault, which is said from then on. */
  constructor(
    private readonly _form: IFormDialog<T>,
    refused: boolean
  ) {
    super();
    this._value = _form.value;
    this._judged = refused;
    this.addClass('mage-FormDialog');
  }

  getValue(): T {
    return this._value;
  }

  protected render(): React.JSX.Element {
    // Nobody has done anything wrong before they did anything.
    const fault = this._judged
      ? (this._form.fault?.(this._value) ?? null)
      : null;
    return (
      <div className="mage-Form">
        {this._form.fields(this._value, value => {
          this._value = value;
          this._judged = true;
          this.update();
        })}
        {fault ? (
          <p className="mage-Field-error" role="alert">
            {fault}
          </p>
        ) : null}
      </div>
    );
  }

  private _value: T;
  private _judged: boolean;
}

/** Let a person edit a value; undefined when they cancel. */
export async function formDialog<T>(
  form: IFormDialog<T>
): Promise<T | undefined> {
  let current = form;
  for (let refused = false; ; refused = true) {
    const body = new FormBody(current, refused);
    const result = await showDialog<T>({
      title: form.title,
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: form.accept })],
      focusNodeSelector: '.mage-Form input, .mage-Form textarea'
    });
    if (!result.button.accept) {
      return undefined;
    }
    const value = body.getValue();
    if (!form.fault?.(value)) {
      return value;
    }
    // The sentence under the form says what is wrong; what was typed stays.
    current = { ...form, value };
  }
}

/** A labelled field with a hint under it. */
export function Field(props: {
  label: string;
  hint?: string;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <label className="mage-Form-field">
      <span>{props.label}</span>
      {props.children}
      {props.hint ? <span className="mage-Form-hint">{props.hint}</span> : null}
    </label>
  );
}

/** A line of text. */
export function TextField(props: {
  label: string;
  hint?: string;
  value: string;
  placeholder?: string;
  type?: 'text' | 'number' | 'datetime-local';
  onChange: (value: string) => void;
}): React.JSX.Element {
  return (
    <Field label={props.label} hint={props.hint}>
      <input
        className="mage-Field-input"
        type={props.type ?? 'text'}
        value={props.value}
        placeholder={props.placeholder}
        spellCheck={false}
        onChange={event => props.onChange(event.target.value)}
      />
    </Field>
  );
}

/** Several lines of text; `code` for JSON. */
export function AreaField(props: {
  label: string;
  hint?: string;
  value: string;
  rows?: number;
  code?: boolean;
  invalid?: boolean;
  onChange: (value: string) => void;
}): React.JSX.Element {
  return (
    <Field label={props.label} hint={props.hint}>
      <textarea
        className={`mage-Field-input mage-Field-area ${props.code ? 'mage-mod-code' : ''}`}
        rows={props.rows ?? 3}
        value={props.value}
        aria-invalid={props.invalid}
        spellCheck={!props.code}
        onKeyDown={event => {
          // The dialog accepts on Enter; here it makes a new line.
          if (event.key === 'Enter') {
            event.stopPropagation();
          }
        }}
        onChange={event => props.onChange(event.target.value)}
      />
    </Field>
  );
}

/** One of some choices. */
export function ChoiceField(props: {
  label: string;
  hint?: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}): React.JSX.Element {
  return (
    <Field label={props.label} hint={props.hint}>
      <select
        className="mage-Field-input"
        value={props.value}
        onChange={event => props.onChange(event.target.value)}
      >
        {props.choices.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A mapping typed as JSON: null when the text is empty, undefined when wrong. */
export function mappingOf(
  text: string
): Record<string, unknown> | null | undefined {
  if (!text.trim()) {
    return null;
  }
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/** How a mapping is shown for editing. */
export function mappingText(
  value: Record<string, unknown> | null | undefined
): string {
  return value && Object.keys(value).length
    ? JSON.stringify(value, null, 2)
    : '';
}
