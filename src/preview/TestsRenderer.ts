import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { parseTests, TESTS_MIME, type ITestsPayload } from './payload';

/** The tests of a block: one line, and what failed. */
export class TestsRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(translator: ITranslator) {
    super();
    this._trans = translator.load('mage_jlab');
    this.addClass('mage-Tests');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.node.replaceChildren();
    const result = parseTests(model.data[TESTS_MIME]);
    if (!result) {
      return;
    }
    this.node.append(this._line(result));
    for (const test of result.tests.filter(item => !item.passed)) {
      const row = document.createElement('div');
      row.className = 'mage-Tests-failure';
      const name = document.createElement('code');
      name.textContent = test.name;
      const message = document.createElement('span');
      message.textContent = test.message || this._trans.__('failed');
      row.append(name, message);
      this.node.append(row);
    }
  }

  private _line({ passed, failed }: ITestsPayload): HTMLElement {
    const trans = this._trans;
    const line = document.createElement('div');
    line.className = 'mage-Tests-line';
    line.dataset.failed = String(failed > 0);
    const mark = document.createElement('span');
    mark.textContent = failed ? '✕' : '✓';
    mark.setAttribute('aria-hidden', 'true');
    const text = document.createElement('span');
    text.textContent = failed
      ? trans._n(
          '%1 of %2 tests failed',
          '%1 of %2 tests failed',
          failed,
          passed + failed
        )
      : trans._n('%1 test passed', '%1 tests passed', passed);
    line.append(mark, text);
    return line;
  }

  private readonly _trans: TranslationBundle;
}
