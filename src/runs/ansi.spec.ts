import { describe, expect, it } from 'vitest';

import { markPieces, parseAnsi, plainText } from './ansi';

const ESC = '\u001b';

describe('parseAnsi', () => {
  it('turns codes into the classes of JupyterLab', () => {
    expect(parseAnsi(`a${ESC}[1;31mb${ESC}[0mc`)).toEqual([
      { text: 'a', className: '' },
      { text: 'b', className: 'ansi-red-fg ansi-bold' },
      { text: 'c', className: '' }
    ]);
    expect(parseAnsi(`${ESC}[92mx`)[0].className).toBe('ansi-green-intense-fg');
  });

  it('knows 256 and true colours', () => {
    expect(parseAnsi(`${ESC}[38;5;196mx`)[0].style?.color).toBe(
      'rgb(255, 0, 0)'
    );
    expect(parseAnsi(`${ESC}[48;2;1;2;3mx`)[0].style?.backgroundColor).toBe(
      'rgb(1, 2, 3)'
    );
    expect(parseAnsi(`${ESC}[38;5;1mx`)[0].className).toBe('ansi-red-fg');
  });

  it('drops what is not a colour and keeps markup as text', () => {
    expect(plainText(`${ESC}[2Ka<b>${ESC}[0m`)).toBe('a<b>');
  });

  it('shows the last state of a progress bar', () => {
    expect(plainText('10 %\r50 %\r100 %\ndone\r\n')).toBe('100 %\ndone\n');
  });
});

describe('markPieces', () => {
  it('marks every place, whatever its case', () => {
    const marked = markPieces(parseAnsi('Error: no error'), 'error');
    expect(marked.map(piece => [piece.text, piece.hit])).toEqual([
      ['Error', true],
      [': no ', false],
      ['error', true]
    ]);
  });
});
