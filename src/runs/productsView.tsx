import React from 'react';

import type { IOutputSummary, IRun, IStep } from '../api/types';
import { CommandIDs } from '../commands';
import { slug } from '../model/slug';
import { bytesText, shapeText } from '../ui/figures';
import { StateBadge } from '../ui/state';
import { fold, openGroup } from './children';
import type { IRunsContext } from './context';

interface IProductsViewProps extends IRunsContext {
  run: IRun;
  /** Block whose products are shown; null for all. */
  selected: string | null;
  onSelect: (block: string) => void;
}

/** Rows × columns of a table, else what kind of thing it is. */
function factsOf(output: IOutputSummary): string {
  return [
    output.kind,
    shapeText(output.rows, output.columns),
    output.bytes === null || output.bytes === undefined
      ? null
      : bytesText(output.bytes)
  ]
    .filter(Boolean)
    .join(' · ');
}

function StepProducts(
  props: IProductsViewProps & { step: IStep; ofChildren: number }
): JSX.Element {
  const { run, step, ofChildren, onSelect, commands, trans } = props;
  return (
    <li className="mage-Products-step">
      <h4 className="mage-Log-head">
        <StateBadge state={step.state} trans={trans} />
        <span>{step.name}</span>
      </h4>
      {step.outputs.map(output => (
        <div className="mage-Products-output" key={output.name}>
          <button
            className="mage-Link"
            onClick={() =>
              void commands.execute(CommandIDs.openProduct, {
                project: run.project,
                pipeline: slug(run.pipeline),
                block: step.slug,
                scope: run.id,
                output: output.name
              })
            }
          >
            {output.name}
          </button>
          <span className="mage-Form-hint">{factsOf(output)}</span>
        </div>
      ))}
      {ofChildren > 0 && (
        <div className="mage-Products-output">
          <button className="mage-Link" onClick={() => onSelect(step.block)}>
            {trans._n(
              '%1 output of its children',
              '%1 outputs of its children',
              ofChildren
            )}
          </button>
        </div>
      )}
    </li>
  );
}

/** What each step of a run left. */
export function ProductsView(props: IProductsViewProps): JSX.Element {
  const { run, selected, trans } = props;
  const open = openGroup(run.steps, selected);
  const chosen = selected && open !== selected ? selected : null;
  const folded = fold(run.steps, selected);
  const ofChildren = (step: IStep): number =>
    open === step.block
      ? 0
      : run.steps
          .filter(child => child.group === step.block)
          .reduce((sum, child) => sum + child.outputs.length, 0);
  const steps = folded.steps.filter(
    step =>
      (step.outputs.length > 0 || ofChildren(step) > 0) &&
      (!selected || step.block === chosen || (!chosen && step.group === open))
  );
  if (!steps.length) {
    return (
      <div className="mage-Empty">
        <p>
          {selected
            ? trans.__('This block left nothing in this run.')
            : trans.__('No block of this run has left anything yet.')}
        </p>
      </div>
    );
  }
  return (
    <ul className="mage-Products">
      {steps.map(step => (
        <StepProducts
          {...props}
          key={step.block}
          step={step}
          ofChildren={ofChildren(step)}
        />
      ))}
      {folded.hidden > 0 && !chosen && (
        <li className="mage-Form-hint">
          {trans.__(
            '%1 more children are not shown; choose one in the log.',
            folded.hidden
          )}
        </li>
      )}
    </ul>
  );
}
