import { type Cell, CodeCell } from '@jupyterlab/cells';
import { PanelLayout, type Widget } from '@lumino/widgets';

import { blockOfCell } from '../model/cells';
import type { PipelineDocument } from '../model/pipelineDocument';
import { AddBar } from './addBar';
import type { INotebookParts } from './context';
import { ErrorBar } from './errorBar';
import { BlockHeader } from './header';
import { keepLanguage } from './languages';

const HEADER = 'jp-CellHeader';
const FOOTER = 'jp-CellFooter';
const OUTPUTS = 'jp-Cell-outputWrapper';

/** Give every cell of a pipeline notebook its header and its add bar. */
export function decorate(
  document: PipelineDocument,
  parts: INotebookParts
): void {
  const { panel } = document;
  const done = new WeakSet<Cell>();
  panel.addClass('mage-Notebook');
  const look = (): void => {
    for (const cell of panel.content.widgets) {
      if (!done.has(cell)) {
        done.add(cell);
        keepLanguage(cell, parts.languages);
        void cell.ready.then(() => fill(cell, document, parts));
      }
      mark(cell);
    }
    const [first, second] = panel.content.widgets;
    // JupyterLab gives a notebook without cells an empty one.
    first?.toggleClass(
      'mage-Placeholder',
      !second &&
        blockOfCell(first) === null &&
        !first.model.sharedModel.getSource()
    );
  };
  panel.content.model?.cells.changed.connect(look);
  document.changed.connect(look);
  look();
}

/** What selectors of menus, shortcuts and styles see. */
function mark(cell: Cell): void {
  const block = blockOfCell(cell);
  cell.toggleClass('mage-Cell', block !== null);
  if (block) {
    cell.node.dataset.mageType = block.type;
    cell.node.dataset.mageBlock = block.uuid;
  } else {
    delete cell.node.dataset.mageType;
    delete cell.node.dataset.mageBlock;
  }
}

function fill(
  cell: Cell,
  document: PipelineDocument,
  parts: INotebookParts
): void {
  if (cell.isDisposed || document.isDisposed) {
    return;
  }
  put(cell, HEADER, new BlockHeader(cell, document, parts));
  put(cell, FOOTER, new AddBar(cell, document, parts));
  if (cell instanceof CodeCell) {
    const layout = cell.layout as PanelLayout;
    const index = layout.widgets.findIndex(item => item.hasClass(OUTPUTS));
    if (index >= 0) {
      layout.insertWidget(index, new ErrorBar(cell, document, parts));
    }
  }
}

/** Put a widget into one of the empty core widgets around a cell's input. */
function put(cell: Cell, place: string, widget: Widget): void {
  const host = (cell.layout as PanelLayout | null)?.widgets.find(item =>
    item.hasClass(place)
  );
  if (!host) {
    return;
  }
  host.layout ??= new PanelLayout();
  (host.layout as PanelLayout).addWidget(widget);
}
