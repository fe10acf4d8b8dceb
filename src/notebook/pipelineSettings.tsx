import * as React from 'react';

import type { PipelineDocument } from '../model/pipelineDocument';
import { AreaField, ChoiceField, formDialog, TextField } from '../ui/form';
import { faultsOf, type IVariableRow, rowsOf, valuesOf } from '../ui/variables';
import { VariablesForm } from '../ui/variablesForm';
import type { INotebookParts } from './context';

interface IPipelineForm {
  name: string;
  description: string;
  tags: string;
  kernel: string;
  rows: readonly IVariableRow[];
}

/** The form of a pipeline's settings. */
export async function editPipeline(
  document: PipelineDocument,
  parts: INotebookParts
): Promise<void> {
  const { trans, app } = parts;
  const { settings } = document;
  const before: IPipelineForm = {
    name: document.name,
    description: settings.description ?? '',
    tags: (settings.tags ?? []).join(', '),
    kernel: kernelOf(document),
    rows: rowsOf(settings.variables ?? {})
  };
  await app.serviceManager.kernelspecs.ready;
  const specs = app.serviceManager.kernelspecs.specs?.kernelspecs ?? {};
  const kernels: (readonly [string, string])[] = Object.values(specs).flatMap(
    spec => (spec ? ([[spec.name, spec.display_name]] as const) : [])
  );
  if (!kernels.some(([name]) => name === before.kernel)) {
    kernels.push([before.kernel, trans.__('%1 (not here)', before.kernel)]);
  }
  const form = await formDialog<IPipelineForm>({
    title: trans.__('Settings of “%1”', document.name),
    accept: trans.__('Apply'),
    trans,
    value: before,
    fault: value =>
      !value.name.trim()
        ? trans.__('The pipeline needs a name.')
        : faultsOf(value.rows).size
          ? trans.__('Put the variables right before applying.')
          : null,
    fields: (value, change) => (
      <>
        <TextField
          label={trans.__('Name')}
          hint={trans.__('Its folder gets the same name, at once')}
          value={value.name}
          onChange={name => change({ ...value, name })}
        />
        <AreaField
          label={trans.__('Description')}
          rows={2}
          value={value.description}
          onChange={description => change({ ...value, description })}
        />
        <TextField
          label={trans.__('Tags')}
          hint={trans.__('Separated by commas')}
          value={value.tags}
          onChange={tags => change({ ...value, tags })}
        />
        <ChoiceField
          label={trans.__('Kernel')}
          value={value.kernel}
          choices={kernels}
          onChange={kernel => change({ ...value, kernel })}
        />
        <div className="mage-Form-field" role="group">
          <span>{trans.__('Variables')}</span>
          <VariablesForm
            rows={value.rows}
            trans={trans}
            onChange={rows => change({ ...value, rows })}
          />
        </div>
      </>
    )
  });
  if (!form || document.readOnly) {
    return;
  }
  const changes = changesOf(before, form);
  if (Object.keys(changes).length) {
    document.changeSettings(changes);
  }
  const { context, sessionContext } = document.panel;
  if (form.kernel !== before.kernel) {
    await sessionContext.changeKernel({ name: form.kernel });
  }
  if (form.name.trim() !== before.name) {
    await context.rename(`${form.name.trim()}.ipynb`);
  }
}

/** The kernel the notebook asks for. */
function kernelOf(document: PipelineDocument): string {
  const spec = document.panel.content.model?.getMetadata('kernelspec') as
    { name?: string } | undefined;
  return spec?.name ?? '';
}

/** Only what was changed: what nobody touched stays as it is in the file. */
function changesOf(
  before: IPipelineForm,
  form: IPipelineForm
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  if (form.description !== before.description) {
    changes['description'] = form.description || null;
  }
  if (form.tags !== before.tags) {
    changes['tags'] = form.tags
      .split(',')
      .map(tag => tag.trim())
      .filter(Boolean);
  }
  if (JSON.stringify(form.rows) !== JSON.stringify(before.rows)) {
    changes['variables'] = valuesOf(form.rows);
  }
  return changes;
}
