import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { PipelineDocument } from '../model/pipelineDocument';
import type { IRunOptions, RunMode } from '../tokens';
import { isStep } from '../ui/blockTypes';
import { ChoiceField, formDialog, TextField } from '../ui/form';
import { faultsOf, type IVariableRow, rowsOf, valuesOf } from '../ui/variables';
import { fetchForms } from '../ui/interactionsForm';
import { firstFaults, VariablesOrForm } from '../ui/variablesOrForm';

interface IRunForm {
  mode: RunMode;
  date: string;
  rows: readonly IVariableRow[];
  /** How many fields of the pipeline's forms are not right. */
  faults: number;
}

/** Ask what to run, with which variables and execution date. */
export async function askRunOptions(
  document: PipelineDocument,
  block: string,
  trans: TranslationBundle
): Promise<IRunOptions | undefined> {
  const found = document.block(block);
  const name = found?.name ?? block;
  const choices: (readonly [RunMode, string])[] = [
    ['block', trans.__('Only “%1”', name)],
    ...(found && isStep(found.type)
      ? ([
          ['with-upstream', trans.__('“%1” with its upstream', name)],
          ['from-here', trans.__('From “%1” on', name)]
        ] as const)
      : []),
    ['all', trans.__('All blocks')]
  ];
  const forms = await fetchForms(document.project, document.slug);
  const rows = rowsOf(document.settings.variables ?? {});
  const form = await formDialog<IRunForm>({
    title: trans.__('Run with variables'),
    accept: trans.__('Run'),
    trans,
    value: {
      mode: 'block',
      date: '',
      rows,
      faults: firstFaults(forms, rows)
    },
    fault: value =>
      faultsOf(value.rows).size || value.faults
        ? trans.__('Put the variables right before running.')
        : null,
    fields: (value, change) => (
      <>
        <ChoiceField
          label={trans.__('What to run')}
          value={value.mode}
          choices={choices}
          onChange={mode => change({ ...value, mode: mode as RunMode })}
        />
        <TextField
          label={trans.__('Execution date')}
          hint={trans.__('Your local time; empty means now')}
          type="datetime-local"
          value={value.date}
          onChange={date => change({ ...value, date })}
        />
        <div className="mage-Form-field" role="group">
          <span>{trans.__('Variables of this run')}</span>
          <VariablesOrForm
            forms={forms}
            rows={value.rows}
            trans={trans}
            onChange={(changed, faults) =>
              change({ ...value, rows: changed, faults })
            }
          />
        </div>
      </>
    )
  });
  return (
    form && {
      mode: form.mode,
      block,
      variables: valuesOf(form.rows),
      executionDate: form.date ? new Date(form.date).toISOString() : undefined
    }
  );
}
