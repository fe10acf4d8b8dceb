import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { IColumn } from '../api/types';
import {
  filterText,
  isUnary,
  OPERATORS,
  parseFilter,
  type IFilter,
  type Operator
} from './query';

/** Typing pauses this long before the table is asked. */
const PAUSE = 300;

export interface IFilterInputOptions {
  column: IColumn;
  filter: IFilter | undefined;
  /** Frequent values, offered while typing. */
  values: readonly string[];
  trans: TranslationBundle;
  onFilter(filter: IFilter | null): void;
  onClose(): void;
  /** Tab: to the filter of the next or previous column. */
  onStep(by: number): void;
}

/** The field under a header. What is typed in it is the filter. */
export class FilterInput extends Widget {
  constructor(private readonly _options: IFilterInputOptions) {
    super();
    const { trans, column } = _options;
    this.addClass('mage-Table-filter');
    this._select.title = trans.__('How to compare');
    this._select.setAttribute('aria-label', this._select.title);
    for (const { op, sign } of OPERATORS) {
      this._select.append(new Option(sign, op));
    }
    this._input.type = 'text';
    this._input.spellcheck = false;
    this._input.setAttribute(
      'aria-label',
      trans.__('Filter for %1', column.name)
    );
    this._input.placeholder = trans.__('text, = 5, > 5, null');
    this._input.value = this._applied = filterText(_options.filter);
    const list = document.createElement('datalist');
    list.id = `mage-values-${++FilterInput._count}`;
    list.append(..._options.values.map(value => new Option(value, value)));
    this._input.setAttribute('list', list.id);
    this.node.append(this._select, this._input, list);
    this._syncSelect();
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'input':
        this._syncSelect();
        this._later();
        break;
      case 'change':
        if (event.target === this._select) {
          this._setOperator(this._select.value as Operator);
        }
        break;
      case 'keydown':
        this._onKey(event as KeyboardEvent);
        break;
      case 'focusout':
        if (!this.node.contains((event as FocusEvent).relatedTarget as Node)) {
          this._apply();
          this._options.onClose();
        }
        break;
    }
  }

  focus(): void {
    this._input.focus();
    this._input.select();
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    super.dispose();
  }

  protected onAfterAttach(): void {
    this._input.addEventListener('input', this);
    this._select.addEventListener('change', this);
    this.node.addEventListener('keydown', this);
    this.node.addEventListener('focusout', this);
  }

  protected onBeforeDetach(): void {
    this._input.removeEventListener('input', this);
    this._select.removeEventListener('change', this);
    this.node.removeEventListener('keydown', this);
    this.node.removeEventListener('focusout', this);
  }

  private _onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter' || event.key === 'Escape') {
      event.preventDefault();
      this._apply();
      this._options.onClose();
    } else if (event.key === 'Tab' && event.target === this._input) {
      event.preventDefault();
      this._apply();
      this._options.onStep(event.shiftKey ? -1 : 1);
    }
  }

  private _later(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._apply(), PAUSE);
  }

  private _apply(): void {
    window.clearTimeout(this._timer);
    if (this._input.value !== this._applied) {
      this._applied = this._input.value;
      this._options.onFilter(this._read());
    }
  }

  private _read(): IFilter | null {
    const { name, kind } = this._options.column;
    return parseFilter(name, kind, this._input.value);
  }

  private _syncSelect(): void {
    this._select.value = this._read()?.op ?? this._select.value;
  }

  private _setOperator(op: Operator): void {
    const value = this._read()?.value;
    this._input.value = isUnary(op)
      ? filterText({ column: '', op })
      : filterText({ column: '', op, value });
    this._input.focus();
    this._later();
  }

  private static _count = 0;
  private readonly _select = document.createElement('select');
  private readonly _input = document.createElement('input');
  private _applied = '';
  private _timer = 0;
}
