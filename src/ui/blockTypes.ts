import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';

import {
  callbackIcon,
  chartIcon,
  conditionalIcon,
  customIcon,
  dataExporterIcon,
  dataLoaderIcon,
  dbtIcon,
  extensionIcon,
  globalDataProductIcon,
  markdownIcon,
  scratchpadIcon,
  sensorIcon,
  transformerIcon,
  unknownBlockIcon
} from '../icons';

/** How a type of block looks everywhere: one colour, one icon, one letter. */
export interface IBlockLook {
  readonly type: string;
  /** CSS value of its colour, readable as text on the page's background. */
  readonly color: string;
  readonly icon: LabIcon;
  readonly letter: string;
  /** Whether mage-jlab knows the type; unknown ones are shown but inert. */
  readonly known: boolean;
}

function look(type: string, letter: string, icon: LabIcon): IBlockLook {
  const color = `var(--mage-type-${type.replace(/_/g, '-')}-color)`;
  return { type, color, icon, letter, known: true };
}

const LOOKS: ReadonlyMap<string, IBlockLook> = new Map(
  [
    look('data_loader', 'L', dataLoaderIcon),
    look('transformer', 'T', transformerIcon),
    look('data_exporter', 'E', dataExporterIcon),
    look('custom', 'C', customIcon),
    look('sensor', 'S', sensorIcon),
    look('scratchpad', 'P', scratchpadIcon),
    look('markdown', 'M', markdownIcon),
    look('chart', 'G', chartIcon),
    look('conditional', 'I', conditionalIcon),
    look('callback', 'K', callbackIcon),
    look('extension', 'X', extensionIcon),
    look('dbt', 'D', dbtIcon),
    look('global_data_product', 'W', globalDataProductIcon)
  ].map(item => [item.type, item])
);

/** The types a person can add, in the order of menus. */
export const ADDABLE_TYPES: readonly string[] = [
  'data_loader',
  'transformer',
  'data_exporter',
  'custom',
  'sensor',
  'chart',
  'dbt',
  'global_data_product',
  'conditional',
  'callback',
  'extension',
  'markdown',
  'scratchpad'
];

/** Types that are no step of a run: notes and drafts. */
const NOTES = new Set(['scratchpad', 'markdown']);

/** Types that are attached to blocks or only show something. */
const ATTACHED = new Set(['chart', 'callback', 'conditional', 'extension']);

/** The look of a block type; unknown types get a question mark in grey. */
export function blockLook(type: string): IBlockLook {
  return (
    LOOKS.get(type) ?? {
      type,
      color: 'var(--mage-type-unknown-color)',
      icon: unknownBlockIcon,
      letter: '?',
      known: false
    }
  );
}

/** Whether the block passes data on, so that it can be connected. */
export function isStep(type: string): boolean {
  return blockLook(type).known && !NOTES.has(type) && !ATTACHED.has(type);
}

/** Whether blocks of this type may have upstream blocks. */
export function takesInput(type: string): boolean {
  return isStep(type) || ATTACHED.has(type);
}

/** What the type is called, in full. */
export function blockTypeLabel(type: string, trans: TranslationBundle): string {
  switch (type) {
    case 'data_loader':
      return trans.__('Data loader');
    case 'transformer':
      return trans.__('Transformer');
    case 'data_exporter':
      return trans.__('Data exporter');
    case 'custom':
      return trans.__('Custom');
    case 'sensor':
      return trans.__('Sensor');
    case 'scratchpad':
      return trans.__('Scratchpad');
    case 'markdown':
      return trans.__('Markdown');
    case 'chart':
      return trans.__('Chart');
    case 'conditional':
      return trans.__('Conditional');
    case 'callback':
      return trans.__('Callback');
    case 'extension':
      return trans.__('Extension');
    case 'dbt':
      return trans.__('dbt');
    case 'global_data_product':
      return trans.__('Global data product');
    default:
      return type;
  }
}

/** What the type is called where there is little room. */
export function blockTypeShort(type: string, trans: TranslationBundle): string {
  switch (type) {
    case 'data_loader':
      return trans.__('loader');
    case 'data_exporter':
      return trans.__('exporter');
    case 'global_data_product':
      return trans.__('data product');
    default:
      return blockTypeLabel(type, trans).toLowerCase();
  }
}

/** What the language is called. */
export function languageLabel(
  language: string,
  trans: TranslationBundle
): string {
  switch (language) {
    case 'python':
      return trans.__('Python');
    case 'sql':
      return trans.__('SQL');
    case 'r':
      return trans.__('R');
    case 'yaml':
      return trans.__('YAML');
    case 'markdown':
      return trans.__('Markdown');
    default:
      return language.charAt(0).toUpperCase() + language.slice(1);
  }
}
