import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Drive } from '@jupyterlab/services';

/** Name of the contents drive on which pipelines open as notebooks. */
export const DRIVE = 'mage';

/** Whether a contents path lies on the drive of pipelines. */
export function isPipelinePath(path: string): boolean {
  return path.startsWith(`${DRIVE}:`) && path.endsWith('.ipynb');
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'mage-jlab:drive',
  description: 'The contents drive on which pipelines open as notebooks.',
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    app.serviceManager.contents.addDrive(
      new Drive({
        name: DRIVE,
        apiEndpoint: 'mage/contents',
        serverSettings: app.serviceManager.serverSettings
      })
    );
  }
};

export default plugin;
