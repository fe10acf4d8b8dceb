import { describe, expect, it } from 'vitest';

import { dialectOf, suggest } from './statement';

const TABLES = [
  { name: 'df_1', columns: ['species', 'body mass', 'year'] },
  { name: 'penguins', columns: ['species', 'body mass', 'year'] },
  { name: 'people', schema: 'public', columns: ['id', 'full_name'] }
];
const SCHEMAS = [
  { name: 'people', schema: 'public', columns: ['id', 'Full Name'] },
  { name: 'Mixed', schema: 'public', columns: ['Upper', 'order'] },
  { name: 'people', schema: 'mart', elsewhere: true, columns: ['age'] }
];

function at(
  marked: string,
  tables = TABLES,
  provider?: string
): { texts: string[]; start: number } {
  const offset = marked.indexOf('|');
  const found = suggest(
    marked.replace('|', ''),
    offset,
    tables,
    dialectOf(provider)
  );
  return { texts: found.items.map(item => item.text), start: found.start };
}

describe('completion of SQL', () => {
  it('offers tables after FROM and the columns of what is read', () => {
    expect(at('SELECT * FROM pe|').texts).toEqual(['penguins', 'people']);
    expect(at('SELECT sp| FROM df_1').texts).toEqual(['species']);
    expect(at('SELECT fu| FROM people').texts).toEqual(['full_name', 'full']);
    expect(at('SELECT | FROM {{ df_1 }}').texts).toContain('year');
    expect(at('SELECT | FROM {{ df_1 }}').texts).not.toContain('full_name');
  });

  it('knows aliases, templates and schemas before a dot', () => {
    expect(at('SELECT p.| FROM people AS p').texts).toEqual([
      'id',
      'full_name'
    ]);
    expect(at('SELECT x.y| FROM {{ df_1 }} x WHERE 1').texts).toEqual(['year']);
    expect(at('SELECT {{ df_1 }}.s| FROM {{ df_1 }}').texts).toEqual([
      'species'
    ]);
    expect(at('SELECT * FROM public.|').texts).toEqual(['people']);
    expect(at('SELECT nobody.| FROM people').texts).toEqual([]);
  });

  it('quotes names that need it and keeps the case of keywords', () => {
    expect(at('SELECT df_1.| FROM df_1').texts).toContain('"body mass"');
    expect(at('sel|').texts).toEqual(['select']);
    expect(at('SEL|').texts).toEqual(['SELECT']);
    expect(at('SELECT a\nFROM df_1\nWH|').start).toBe(19);
  });

  it('is silent in texts and comments', () => {
    expect(at("SELECT 'sp|' FROM df_1").texts).toEqual([]);
    expect(at("SELECT 'sp|").texts).toEqual([]);
    expect(at('SELECT 1 -- sp|').texts).toEqual([]);
    expect(at('/* sp| */ SELECT 1').texts).toEqual([]);
  });

  it('names the schema of a table that is found by it only', () => {
    expect(at('SELECT * FROM peo|', SCHEMAS, 'postgres').texts).toEqual([
      'people',
      'mart.people'
    ]);
    expect(at('SELECT * FROM mart.p|', SCHEMAS, 'postgres').texts).toEqual([
      'people'
    ]);
    expect(at('SELECT a| FROM mart.people', SCHEMAS).texts).toContain('age');
    expect(at('SELECT p.| FROM "mart"."people" p', SCHEMAS).texts).toEqual([
      'age'
    ]);
    expect(at('SELECT people.| FROM people', SCHEMAS).texts).toContain('id');
  });

  it('writes names as the database wants them', () => {
    const mixed = 'SELECT m.| FROM "Mixed" m';
    expect(at(mixed, SCHEMAS, 'postgres').texts).toEqual([
      '"Upper"',
      '"order"'
    ]);
    expect(at('SELECT m.| FROM `Mixed` m', SCHEMAS, 'mysql').texts).toEqual([
      'Upper',
      '`order`'
    ]);
    expect(at('SELECT fu| FROM people', SCHEMAS, 'mysql').texts).toEqual([
      '`Full Name`',
      'full'
    ]);
    expect(at('SELECT * FROM mi|', SCHEMAS, 'postgres').texts).toEqual([
      '"Mixed"',
      'min'
    ]);
    expect(at('SELECT * FROM mi|', SCHEMAS, 'snowflake').texts[0]).toBe(
      '"Mixed"'
    );
    expect(at('SELECT * FROM mi|', SCHEMAS, 'sqlite').texts[0]).toBe('Mixed');
  });
});
