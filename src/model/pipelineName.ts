import type { IWorkspace } from '../tokens';

/** What a pipeline is called; its id when it is not there any more. */
export function pipelineName(
  workspace: Pick<IWorkspace, 'pipelines'>,
  project: string,
  pipeline: string
): string {
  return (
    workspace.pipelines.find(
      item => item.project === project && item.id === pipeline
    )?.name || pipeline
  );
}
