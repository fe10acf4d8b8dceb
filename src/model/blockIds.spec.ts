import { describe, expect, it } from 'vitest';

import {
  assignments,
  idOf,
  newBlock,
  unusedId,
  type ICellFacts
} from './blockIds';

function cell(
  kind: ICellFacts['kind'],
  uuid?: string,
  type = 'transformer'
): ICellFacts {
  const language = type === 'markdown' ? 'markdown' : 'python';
  const block = uuid ? newBlock(uuid, type, language) : null;
  return { kind, block, empty: false };
}

describe('idOf', () => {
  it('follows the rule of block file names', () => {
    expect(idOf('Load penguins')).toBe('load_penguins');
    expect(idOf('2 Clean.up-now')).toBe('letter_2_clean_up_now');
    expect(idOf('folder/My block')).toBe('folder/my_block');
    expect(idOf('  ')).toBe('block');
  });
});

describe('unusedId', () => {
  it('counts up', () => {
    expect(unusedId('a', new Set(['a', 'a_2']))).toBe('a_3');
  });
});

describe('assignments', () => {
  it('changes nothing where every cell is a block of its own', () => {
    expect(assignments([cell('code', 'a'), cell('code', 'b')], 'p').size).toBe(
      0
    );
  });
  it('makes plain cells drafts and notes', () => {
    const given = assignments(
      [cell('code', 'a'), cell('code'), cell('markdown'), cell('code')],
      'My pipe'
    );
    expect(given.get(1)).toMatchObject({
      uuid: 'my_pipe_draft',
      type: 'scratchpad'
    });
    expect(given.get(2)).toMatchObject({
      uuid: 'my_pipe_note',
      type: 'markdown',
      language: 'markdown'
    });
    expect(given.get(3)).toMatchObject({ uuid: 'my_pipe_draft_2' });
  });
  it('makes the later of two equal cells a copy', () => {
    const given = assignments(
      [cell('code', 'a'), cell('code', 'a'), cell('code', 'a')],
      'p'
    );
    expect(given.get(0)).toBeUndefined();
    expect(given.get(1)).toMatchObject({
      uuid: 'a_copy',
      type: 'transformer'
    });
    expect(given.get(2)?.uuid).toBe('a_copy_2');
  });
  it('lets the original keep its id when a copy is pasted above it', () => {
    const original = { ...cell('code', 'a'), original: true };
    const given = assignments([cell('code', 'a'), original], 'p');
    expect(given.get(0)?.uuid).toBe('a_copy');
    expect(given.get(1)).toBeUndefined();
  });
  it('gives a cell turned into text an id of its own', () => {
    const given = assignments(
      [cell('markdown', 'a'), cell('code', 'n', 'markdown')],
      'p'
    );
    expect(given.get(0)).toMatchObject({ uuid: 'a_note', type: 'markdown' });
    expect(given.get(1)).toMatchObject({ uuid: 'n_code', type: 'scratchpad' });
  });
  it('leaves the empty cell of an empty pipeline alone', () => {
    const only = [{ kind: 'code' as const, block: null, empty: true }];
    expect(assignments(only, 'p').size).toBe(0);
  });
});
