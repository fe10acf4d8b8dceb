import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IPipelineSummary, IProject } from '../api/types';
import type { IWorkspace } from '../tokens';

/** A text argument of a command, or null. */
export function textArg(
  args: ReadonlyPartialJSONObject,
  name: string
): string | null {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The pipeline that `project` (slug) and `pipeline` (id or slug), or `path`, name. */
export function findPipeline(
  workspace: IWorkspace,
  args: ReadonlyPartialJSONObject
): IPipelineSummary | undefined {
  const path = textArg(args, 'path')?.replace(/^mage:/, '');
  if (path) {
    return workspace.pipelines.find(
      item => item.path.replace(/^mage:/, '') === path
    );
  }
  const project = textArg(args, 'project');
  const pipeline = textArg(args, 'pipeline');
  return workspace.pipelines.find(
    item =>
      (item.id === pipeline || item.slug === pipeline) &&
      (project === null || item.project === project)
  );
}

/** The pipeline the arguments name; without a name the person is asked. */
export async function choosePipeline(
  workspace: IWorkspace,
  args: ReadonlyPartialJSONObject,
  title: string,
  trans: TranslationBundle
): Promise<IPipelineSummary | undefined> {
  if (textArg(args, 'pipeline') || textArg(args, 'path')) {
    const found = findPipeline(workspace, args);
    if (!found) {
      // Made a moment ago: its event may still be on the way.
      await workspace.refresh();
    }
    return found ?? findPipeline(workspace, args);
  }
  await workspace.ready;
  const pipelines = workspace.pipelines;
  if (!pipelines.length) {
    await showDialog({
      title,
      body: trans.__('There is no pipeline yet: make one in the Mage sidebar.'),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
    return undefined;
  }
  const many = workspace.projects.length > 1;
  const labels = pipelines.map(item =>
    many ? `${item.name} (${item.project})` : item.name
  );
  const result = await InputDialog.getItem({
    title,
    label: trans.__('Pipeline'),
    items: labels
  });
  return result.button.accept && result.value !== null
    ? pipelines[labels.indexOf(result.value)]
    : undefined;
}

/** The project the argument names, the only one, or the one that is chosen. */
export async function chooseProject(
  workspace: IWorkspace,
  args: ReadonlyPartialJSONObject,
  title: string,
  trans: TranslationBundle
): Promise<IProject | undefined> {
  await workspace.ready;
  const slug = textArg(args, 'project');
  if (slug) {
    return workspace.projects.find(item => item.slug === slug);
  }
  if (workspace.projects.length <= 1) {
    return workspace.projects[0];
  }
  const labels = workspace.projects.map(item => item.name || item.id);
  const result = await InputDialog.getItem({
    title,
    label: trans.__('Project'),
    items: labels
  });
  return result.button.accept && result.value !== null
    ? workspace.projects[labels.indexOf(result.value)]
    : undefined;
}
