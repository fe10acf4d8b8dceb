/** Which dbt models have to be added so that one of them can run. Pure. */

export interface IModel {
  path: string;
  upstream: readonly string[];
}

/** The model and all it reads, each after what it reads itself. */
export function lineage(models: readonly IModel[], chosen: string): string[] {
  const byPath = new Map(models.map(model => [model.path, model]));
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const model = byPath.get(path);
    if (seen.has(path) || !model) {
      return;
    }
    seen.add(path);
    model.upstream.forEach(visit);
    found.push(path);
  };
  visit(chosen);
  return found;
}

/** The name of the block of a model: its path without the ending, as in Mage. */
export function blockName(path: string): string {
  return path.replace(/\.sql$/, '');
}

/** What the pipeline's file says of the block of a model. */
export function configurationOf(
  project: string,
  path: string
): Record<string, unknown> {
  return {
    dbt_project_name: `dbt/${project}`,
    file_path: path,
    file_source: { path: `dbt/${path}`, project_path: `dbt/${project}` },
    limit: 1000
  };
}
