import { LabIcon } from '@jupyterlab/ui-components';

/** A line drawing in the colour of the text around it. */
function drawn(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `mage-jlab:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" ' +
      'fill="none" stroke="currentColor" stroke-width="2" ' +
      `stroke-linecap="round" stroke-linejoin="round">${body}</svg>`
  });
}

/** A shape that follows the colour of JupyterLab's own icons. */
function shaped(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `mage-jlab:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
      `<g class="jp-icon3" fill="#616161">${body}</g></svg>`
  });
}

/** A line drawing that follows the colour of JupyterLab's own icons. */
function lined(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `mage-jlab:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" ' +
      'fill="none" stroke-linecap="round" stroke-linejoin="round">' +
      `<g class="jp-icon3 jp-icon-selectable" stroke="#616161" stroke-width="2">${body}</g></svg>`
  });
}

export const connectionIcon = lined(
  'connection',
  '<ellipse cx="12" cy="6" rx="7" ry="3"/><path d="M5 6v12c0 1.700 3.1 3 7 3s7-1.300 7-3V6M5 12c0 1.700 3.1 3 7 3s7-1.300 7-3"/>'
);
export const dataLoaderIcon = drawn(
  'data-loader',
  '<path d="M12 3v11M7.5 10 12 14.5 16.5 10M4 16v4h16v-4"/>'
);
export const transformerIcon = drawn(
  'transformer',
  '<path d="M4 8h13M13.5 4.5 17 8l-3.5 3.500M20 16H7M10.5 12.5 7 16l3.5 3.5"/>'
);
export const dataExporterIcon = drawn(
  'data-exporter',
  '<path d="M12 15V4M7.5 8.5 12 4l4.5 4.500M4 16v4h16v-4"/>'
);
export const customIcon = drawn(
  'custom',
  '<path d="M9 4c-3.5 0-2 4-2 5.500S5.5 12 4 12c1.5 0 3 1 3 2.500S5.5 20 9 20M15 4c3.5 0 2 4 2 5.500s1.5 2.5 3 2.500c-1.5 0-3 1-3 2.500s1.5 5.5-2 5.5"/>'
);
export const sensorIcon = drawn(
  'sensor',
  '<circle cx="12" cy="12" r="1.5"/><path d="M8.5 15.500a5 5 0 0 1 0-7M15.5 8.500a5 5 0 0 1 0 7M5.5 18.500a9.2 9.2 0 0 1 0-13M18.5 5.500a9.2 9.2 0 0 1 0 13"/>'
);
export const scratchpadIcon = drawn(
  'scratchpad',
  '<path d="m4 20 1-4.500L16 4.500l3.5 3.500L8.5 19zM13.5 7l3.5 3.5"/>'
);
export const markdownIcon = drawn(
  'markdown',
  '<path d="M3 17V7l4 5 4-5v10M18 7v9.500M15 13.500l3 3 3-3"/>'
);
export const chartIcon = drawn(
  'chart',
  '<path d="M4 4v16h16M9 16v-4M13.5 16V7M18 16v-6"/>'
);
export const conditionalIcon = drawn(
  'conditional',
  '<path d="m12 3 9 9-9 9-9-9zM12 8.500v4M12 15.500v.01"/>'
);
export const callbackIcon = drawn(
  'callback',
  '<path d="M9 5 4.5 9.5 9 14M4.5 9.500H15a5 5 0 0 1 0 10h-4"/>'
);
export const extensionIcon = drawn(
  'extension',
  '<path d="M9 3v5M15 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3"/>'
);
export const dbtIcon = drawn(
  'dbt',
  '<path d="m12 3 8 4.500v9L12 21l-8-4.500v-9zM8.5 10l3.5 2 3.5-2M12 12v4"/>'
);
export const globalDataProductIcon = drawn(
  'global-data-product',
  '<circle cx="12" cy="12" r="9"/><path d="M3.5 9h17M3.5 15h17M12 3c-5 5-5 13 0 18 5-5 5-13 0-18"/>'
);
export const unknownBlockIcon = drawn(
  'unknown-block',
  '<circle cx="12" cy="12" r="9"/><path d="M9.5 9.500a2.5 2.5 0 1 1 3.5 2.300c-.7.4-1 .8-1 1.700M12 16.500v.01"/>'
);

/** The sidebar, launcher and tab icon: steps that flow into one, with a spark. */
export const mageIcon = shaped(
  'mage',
  '<path d="M7 8.500a2.5 2.5 0 1 1-1.8-2.400A2.5 2.5 0 0 1 7 8.500zM7 17.500a2.5 2.5 0 1 1-2.5-2.500A2.5 2.5 0 0 1 7 17.500z"/>' +
    '<path d="M6.2 8.1 7.1 6.900c2.9 1.7 4.8 3.3 6.7 4.800l-1 1.200C10.9 11.4 9 9.8 6.2 8.100zM6.6 18.400c3-.7 4.8-2 6.7-3.600l-1-1.200c-1.8 1.5-3.4 2.7-6.1 3.300z"/>' +
    '<path d="M19.5 13.500a3.5 3.5 0 1 1-3.5-3.5 3.5 3.5 0 0 1 3.5 3.500z"/>' +
    '<path d="m18.5 1 .9 2.600L22 4.500l-2.6.900L18.5 8l-.9-2.600L15 4.500l2.6-.900z"/>'
);

/** A graph of blocks: opens the canvas. */
export const canvasIcon = lined(
  'canvas',
  '<rect x="3" y="4" width="7" height="5" rx="1"/><rect x="14" y="10" width="7" height="5" rx="1"/><rect x="3" y="16" width="7" height="5" rx="1"/><path d="M10 6.500h1.500v12H10M11.5 12.500H14"/>'
);

/** Run what is out of date. */
export const runStaleIcon = lined(
  'run-stale',
  '<path d="M8 6v12l9-6z"/><path d="M3 12a9 9 0 0 1 2-5.700M5 17.700A9 9 0 0 1 3.2 14"/>'
);

/** A trigger: a clock. */
export const triggerIcon = lined(
  'trigger',
  '<circle cx="12" cy="13" r="8"/><path d="M12 9v4l2.5 2.500M9 2h6"/>'
);

/** Runs: bars of a timeline. */
export const runsIcon = lined(
  'runs',
  '<path d="M4 6h9M8 12h9M12 18h8"/><path d="M4 3v18"/>'
);
