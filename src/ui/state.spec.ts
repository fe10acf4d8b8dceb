import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { stateWord } from './state';

const trans = nullTranslator.load('');

describe('stateWord', () => {
  it('says of a sensor in a run that it waits', () => {
    expect(stateWord('running', trans, 'sensor')).toBe('waiting');
    expect(stateWord('running', trans, 'transformer')).toBe('running');
    expect(stateWord('completed', trans, 'sensor')).toBe('done');
    expect(stateWord('running', trans)).toBe('running');
  });
});
