import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, copyIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

/** The whole text of a cell, beside the grid. */
export class CellPanel extends Widget {
  constructor(trans: TranslationBundle, onClose: () => void) {
    super();
    this.addClass('mage-Table-panel');
    this.node.setAttribute('role', 'complementary');
    this.node.setAttribute('aria-label', trans.__('Whole text of the cell'));
    const head = document.createElement('div');
    head.className = 'mage-Table-panel-head';
    const copy = button(trans.__('Copy the text'));
    copyIcon.element({ container: copy });
    copy.onclick = () => void navigator.clipboard.writeText(this._text.value);
    const close = button(trans.__('Close'));
    closeIcon.element({ container: close });
    close.onclick = onClose;
    head.append(this._title, copy, close);
    this._text.readOnly = true;
    this._text.setAttribute('aria-label', trans.__('Text of the cell'));
    this.node.append(head, this._text, this._note);
    this._note.className = 'mage-Table-panel-note';
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        onClose();
      }
    });
    this.hide();
  }

  /** Show a text; `note` says when it is not all of it. */
  setText(title: string, text: string, note = ''): void {
    this._title.textContent = this._title.title = title;
    this._text.value = text;
    this._note.textContent = note;
    this.show();
  }

  focus(): void {
    this._text.focus();
  }

  private readonly _title = document.createElement('span');
  private readonly _text = document.createElement('textarea');
  private readonly _note = document.createElement('div');
}

function button(label: string): HTMLButtonElement {
  const element = document.createElement('button');
  element.className = 'mage-Table-button';
  element.title = label;
  element.setAttribute('aria-label', label);
  return element;
}
