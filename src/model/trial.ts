import { request } from '../api/request';
import type { IConnectionTest } from '../api/types';

/** A trial of a connection: running while it can be stopped. */
export interface ITrial {
  result?: IConnectionTest;
  error?: string;
  stop?: AbortController;
}

export interface ITrialOf {
  project: string;
  profile: string;
  connector: string;
  pipeline?: string | null;
  kernel?: string | null;
}

/** Try a connection; hanging up by the signal ends the trial. */
export async function tryConnection(
  of: ITrialOf,
  signal?: AbortSignal
): Promise<IConnectionTest> {
  const { project, profile, connector, pipeline, kernel } = of;
  return request<IConnectionTest>(
    ['projects', project, 'connections', 'test'],
    {
      method: 'POST',
      body: {
        profile,
        connector,
        pipeline: pipeline || null,
        kernel: kernel || null
      },
      signal
    }
  );
}
