import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import drive from './api/drive';
import canvas from './canvas/plugin';
import connections from './connections/plugin';
import workspace from './model/plugin';
import notebook from './notebook/plugin';
import preview from './preview/plugin';
import runs from './runs/plugin';
import sidebar from './sidebar/plugin';
import status from './status/plugin';
import triggers from './triggers/plugin';

const plugins = [
  drive,
  workspace,
  notebook,
  canvas,
  preview,
  sidebar,
  connections,
  runs,
  triggers,
  status
].flat();

export default plugins as JupyterFrontEndPlugin<unknown>[];
