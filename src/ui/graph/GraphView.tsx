import { nullTranslator, type ITranslator } from '@jupyterlab/translation';
import * as React from 'react';

export interface IGraphNode {
  id: string;
  name: string;
  type: string;
  language: string;
  /** State of the block or step; decides colour and glyph. */
  state: string;
  /** A short line under the name: a duration, rows × columns. */
  detail?: string;
}

export interface IGraphEdge {
  source: string;
  target: string;
}

export interface IGraphViewProps {
  nodes: readonly IGraphNode[];
  edges: readonly IGraphEdge[];
  selected?: string | null;
  onSelect?(id: string): void;
  translator?: ITranslator;
  /** Spoken name of the graph. */
  label?: string;
}

// React Flow is fetched when the first graph is shown.
const StateGraph = React.lazy(() => import('./StateGraph'));

/** A graph to look at: cards coloured by state. Fills its parent. */
export function GraphView(props: IGraphViewProps): React.ReactElement {
  const trans = (props.translator ?? nullTranslator).load('mage_jlab');
  return (
    <React.Suspense fallback={<div className="mage-Graph" />}>
      <StateGraph {...props} trans={trans} />
    </React.Suspense>
  );
}
