import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The server said no: its sentence, its name for the failure, its data. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly reason: string | null,
    readonly detail: Record<string, unknown> | null
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface IRequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  /** ETag of what is changed. */
  ifMatch?: string;
  signal?: AbortSignal;
}

/** The URL of a REST resource; segments are encoded, empty query values left out. */
export function apiUrl(
  path: readonly string[],
  query: IRequestOptions['query'] = {},
  settings = ServerConnection.makeSettings()
): string {
  const url = URLExt.join(
    settings.baseUrl,
    'mage/api',
    ...path.map(segment => encodeURIComponent(segment))
  );
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) {
      params.set(key, String(value));
    }
  }
  const text = params.toString();
  return text ? `${url}?${text}` : url;
}

/** The only way to the server's REST interface. */
export async function request<T>(
  path: readonly string[],
  options: IRequestOptions = {},
  settings = ServerConnection.makeSettings()
): Promise<T> {
  const headers: Record<string, string> = {};
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (options.ifMatch) {
    headers['If-Match'] = options.ifMatch;
  }
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      apiUrl(path, options.query, settings),
      {
        method: options.method ?? 'GET',
        headers,
        body: options.body === undefined ? null : JSON.stringify(options.body),
        signal: options.signal
      },
      settings
    );
  } catch (error) {
    if (options.signal?.aborted) {
      throw error;
    }
    throw new ApiError(
      'The Jupyter server does not answer; check that it is running.',
      0,
      'Unreachable',
      null
    );
  }
  const text = await response.text();
  if (!response.ok) {
    let message = `${response.status} ${response.statusText}`;
    let reason: string | null = null;
    let detail: Record<string, unknown> | null = null;
    try {
      const data = JSON.parse(text);
      message = data.message || message;
      reason = data.reason ?? null;
      detail = data.detail ?? null;
    } catch {
      // Not JSON: a proxy or the server's own page; the status line must do.
    }
    throw new ApiError(message, response.status, reason, detail);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}
