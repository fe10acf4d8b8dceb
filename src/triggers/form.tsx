import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { apiUrl, request } from '../api/request';
import type { IForm, ITrigger } from '../api/types';
import type { IWorkspace } from '../tokens';
import { fetchForms } from '../ui/interactionsForm';
import { firstFaults, VariablesOrForm } from '../ui/variablesOrForm';
import type { DraftFault, IDraft } from './draft';
import { bodyOfChange, bodyOfNew, draftFaults, zoneOf } from './draft';
import { SchedulePreview, usePreview } from './preview';
import { SchedulePicker } from './schedulePicker';
import { OnOff } from './switch';
import { missedWords, overlapWords, zones } from './words';

export interface ITriggerFormProps {
  /** The trigger that is edited; null for a new one. */
  trigger: ITrigger | null;
  /** As it was when the form was opened. */
  initial: IDraft;
  workspace: IWorkspace;
  trans: TranslationBundle;
  onDirty: (dirty: boolean) => void;
  onSaved: () => void;
  onCancel: () => void;
}

interface IPartProps extends ITriggerFormProps {
  /** What the pipeline has instead of bare variables. */
  forms: readonly IForm[];
  draft: IDraft;
  faults: ReadonlySet<DraftFault>;
  set: (change: Partial<IDraft>) => void;
}

function Field(props: {
  label: string;
  error?: string | null;
  hint?: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <div className="mage-Form-field">
      <label className="mage-Form-field">
        <span className="mage-Form-label">{props.label}</span>
        {props.children}
      </label>
      {props.hint && <span className="mage-Form-hint">{props.hint}</span>}
      {props.error && (
        <span className="mage-Field-error" role="alert">
          {props.error}
        </span>
      )}
    </div>
  );
}

function WhatPart(props: IPartProps): JSX.Element {
  const { trigger, workspace, trans, draft, faults, set } = props;
  const many = workspace.projects.length > 1;
  return (
    <>
      <Field
        label={trans.__('Pipeline')}
        error={faults.has('pipeline') ? trans.__('Choose what it runs.') : null}
      >
        {trigger ? (
          <span>{draft.pipeline}</span>
        ) : (
          <select
            className="mage-Field-input"
            value={`${draft.project}\n${draft.pipeline}`}
            onChange={event => {
              const [project, pipeline] = event.target.value.split('\n');
              set({ project, pipeline });
            }}
          >
            {!draft.pipeline && (
              <option value={`${draft.project}\n`}>
                {trans.__('Choose a pipeline…')}
              </option>
            )}
            {workspace.pipelines.map(item => (
              <option
                key={`${item.project}/${item.id}`}
                value={`${item.project}\n${item.id}`}
              >
                {many ? `${item.name} (${item.project})` : item.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label={trans.__('Name')}
        error={faults.has('name') ? trans.__('Give it a name.') : null}
      >
        <input
          className="mage-Field-input"
          value={draft.name}
          placeholder={trans.__('for example: every morning')}
          onChange={event => set({ name: event.target.value })}
        />
      </Field>
    </>
  );
}

function WhenPart(props: IPartProps & { error: string | null }): JSX.Element {
  const { trans, draft, faults, set, error } = props;
  const fixed = zoneOf(draft) !== draft.zone;
  const known = React.useMemo(zones, []);
  return (
    <>
      <div className="mage-Form-field">
        <span className="mage-Form-label">{trans.__('When')}</span>
        <SchedulePicker
          schedule={draft.schedule}
          invalid={error !== null || faults.has('schedule')}
          trans={trans}
          onChange={schedule => set({ schedule })}
        />
        {error && (
          <span className="mage-Field-error" role="alert">
            {error}
          </span>
        )}
      </div>
      <Field
        label={trans.__('Time zone')}
        hint={
          fixed ? trans.__('Mage’s intervals are always in UTC.') : undefined
        }
      >
        <input
          className="mage-Field-input"
          list="mage-zones"
          disabled={fixed}
          spellCheck={false}
          value={fixed ? 'UTC' : draft.zone}
          onChange={event => set({ zone: event.target.value })}
        />
        <datalist id="mage-zones">
          {known.map(zone => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </Field>
    </>
  );
}

function PoliciesPart(props: IPartProps): JSX.Element {
  const { trans, draft, set } = props;
  const missed: [string, string][] = [
    ['latest', trans.__('run the last one')],
    ['none', trans.__('run none')],
    ['all', trans.__('run all')]
  ];
  const overlap = ['skip', 'queue', 'allow', 'replace'];
  return (
    <>
      {draft.kind === 'schedule' && (
        <Field
          label={trans.__('Runs that were missed')}
          hint={missedWords(draft.missed, trans)}
        >
          <select
            className="mage-Field-input"
            value={draft.missed}
            onChange={event => set({ missed: event.target.value })}
          >
            {missed.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field label={trans.__('If the run before is still active')}>
        <select
          className="mage-Field-input"
          value={draft.overlap}
          onChange={event => set({ overlap: event.target.value })}
        >
          {overlap.map(value => (
            <option key={value} value={value}>
              {overlapWords(value, trans)}
            </option>
          ))}
        </select>
      </Field>
      {draft.kind === 'schedule' && (
        <Field
          label={trans.__('Not before (%1; may be left out)', zoneOf(draft))}
        >
          <input
            className="mage-Field-input"
            type="datetime-local"
            value={draft.start}
            onChange={event => set({ start: event.target.value })}
          />
        </Field>
      )}
    </>
  );
}

function RestPart(props: IPartProps): JSX.Element {
  const { trans, draft, faults, set } = props;
  return (
    <>
      <div className="mage-Form-field">
        <span className="mage-Form-label">{trans.__('Variables')}</span>
        <VariablesOrForm
          key={`${draft.project}/${draft.pipeline}/${props.forms.length}`}
          forms={props.forms}
          rows={draft.variables}
          trans={trans}
          strict={faults.has('variables')}
          onChange={(variables, formFaults) => set({ variables, formFaults })}
        />
      </div>
      <label className="mage-Form-check">
        <input
          type="checkbox"
          checked={draft.saveInCode}
          onChange={event => set({ saveInCode: event.target.checked })}
        />
        {trans.__(
          'Save it in the project too (triggers.yaml), so that it goes with the code'
        )}
      </label>
      <div className="mage-Form-check">
        <OnOff
          on={draft.enabled}
          label={trans.__('The trigger is on')}
          trans={trans}
          onChange={enabled => set({ enabled })}
        />
        <span className="mage-Form-hint">
          {trans.__('Saving never starts a run by itself.')}
        </span>
      </div>
    </>
  );
}

/** A line that starts the trigger from a script. */
function ApiPart(props: {
  trigger: ITrigger;
  trans: TranslationBundle;
}): JSX.Element {
  const { trigger, trans } = props;
  const line = `curl -X POST -H "Authorization: token $JUPYTER_TOKEN" ${apiUrl([
    'triggers',
    trigger.id,
    'run'
  ])}`;
  return (
    <details className="mage-TriggerForm-api">
      <summary>{trans.__('Start it from a script (API)')}</summary>
      <p className="mage-Form-hint">
        {trans.__(
          'Runs the pipeline now with the variables of this trigger. The token is the one of this Jupyter server.'
        )}
      </p>
      <pre tabIndex={0}>{line}</pre>
      <button
        type="button"
        className="mage-Button mage-mod-small"
        onClick={() => Clipboard.copyToSystem(line)}
      >
        <copyIcon.react tag="span" />
        {trans.__('Copy')}
      </button>
    </details>
  );
}

/** The forms that the pipeline of a draft has for its variables. */
function useForms(
  draft: IDraft,
  workspace: IWorkspace,
  setDraft: React.Dispatch<React.SetStateAction<IDraft>>
): readonly IForm[] {
  const [forms, setForms] = React.useState<readonly IForm[]>([]);
  const slug = workspace.pipelines.find(
    item => item.project === draft.project && item.id === draft.pipeline
  )?.slug;
  React.useEffect(() => {
    let gone = false;
    setForms([]);
    if (slug) {
      void fetchForms(draft.project, slug).then(found => {
        if (!gone) {
          setForms(found);
          setDraft(old => ({
            ...old,
            formFaults: firstFaults(found, old.variables)
          }));
        }
      });
    }
    return () => {
      gone = true;
    };
  }, [draft.project, slug]);
  return forms;
}

async function save(
  trigger: ITrigger | null,
  initial: IDraft,
  draft: IDraft
): Promise<void> {
  if (!trigger) {
    await request(['triggers'], { method: 'POST', body: bodyOfNew(draft) });
    return;
  }
  const body = bodyOfChange(initial, draft);
  if (Object.keys(body).length) {
    await request(['triggers', trigger.id], { method: 'PATCH', body });
  }
}

/** The form of a trigger: says what it will do before it is saved. */
export function TriggerForm(props: ITriggerFormProps): JSX.Element {
  const { trigger, initial, workspace, trans } = props;
  const [draft, setDraft] = React.useState(initial);
  const [asked, setAsked] = React.useState(false);
  const [saving, setSaving] = React.useState(false);
  const [error, setError] = React.useState<string | null>(null);
  const preview = usePreview(draft);
  const forms = useForms(draft, workspace, setDraft);
  const all = draftFaults(draft);
  // What is not filled in yet is no error before saving was tried.
  const faults = asked ? all : new Set<DraftFault>();
  const part: IPartProps = {
    ...props,
    forms,
    draft,
    faults,
    set: change => {
      setDraft(old => ({ ...old, ...change }));
      props.onDirty(true);
    }
  };
  const submit = async (): Promise<void> => {
    setAsked(true);
    if (all.size || preview.error) {
      return;
    }
    setSaving(true);
    try {
      await save(trigger, initial, draft);
      props.onDirty(false);
      props.onSaved();
    } catch (reason) {
      setError((reason as Error).message);
      setSaving(false);
    }
  };
  return (
    <form
      className="mage-TriggerForm"
      aria-label={
        trigger ? trans.__('Edit a trigger') : trans.__('New trigger')
      }
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <h2>
        {trigger
          ? trans.__('Edit “%1”', initial.name)
          : trans.__('New trigger')}
      </h2>
      <div className="mage-TriggerForm-body">
        <div className="mage-TriggerForm-fields mage-TriggerForm-first">
          <WhatPart {...part} />
          {draft.kind === 'schedule' && (
            <WhenPart {...part} error={preview.error} />
          )}
        </div>
        {draft.kind === 'schedule' && (
          <SchedulePreview
            {...preview}
            draft={draft}
            health={workspace.health}
            trans={trans}
          />
        )}
        <div className="mage-TriggerForm-fields mage-TriggerForm-rest">
          <PoliciesPart {...part} />
          <RestPart {...part} />
          {trigger && <ApiPart trigger={trigger} trans={trans} />}
        </div>
      </div>
      {error && (
        <p className="mage-Message" role="alert">
          {error}
        </p>
      )}
      <div className="mage-TriggerForm-buttons">
        <button
          type="submit"
          className="mage-Button mage-mod-accept"
          disabled={saving}
        >
          {saving
            ? trans.__('Saving…')
            : trigger
              ? trans.__('Save')
              : trans.__('Create the trigger')}
        </button>
        <button type="button" className="mage-Button" onClick={props.onCancel}>
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}
