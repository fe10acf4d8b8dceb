import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import type { PartialJSONObject } from '@lumino/coreutils';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import React from 'react';

interface IRichOutputProps {
  data: PartialJSONObject;
  metadata?: PartialJSONObject;
  rendermime: IRenderMimeRegistry;
}

/** The media types of an output that are worth a renderer. */
export function isRich(data: PartialJSONObject | undefined): boolean {
  return (
    !!data &&
    Object.keys(data).some(type => type !== 'text/plain' && data[type] !== null)
  );
}

/** An output drawn by JupyterLab's renderers; its content is not trusted. */
export function RichOutput(props: IRichOutputProps): JSX.Element {
  const { data, metadata, rendermime } = props;
  const host = React.useRef<HTMLDivElement>(null);
  // A layout effect: it is undone while its node is still in the page.
  React.useLayoutEffect(() => {
    const node = host.current;
    const mime = rendermime.preferredMimeType(data, 'ensure');
    if (!node || !mime) {
      return;
    }
    const renderer = rendermime.createRenderer(mime);
    Widget.attach(renderer, node);
    renderer
      .renderModel(new MimeModel({ data, metadata, trusted: false }))
      .catch(error => {
        node.textContent = String(error);
      });
    return () => {
      if (renderer.isAttached && !renderer.node.isConnected) {
        MessageLoop.sendMessage(renderer, Widget.Msg.BeforeDetach);
        MessageLoop.sendMessage(renderer, Widget.Msg.AfterDetach);
      }
      renderer.dispose();
    };
  }, [data, metadata, rendermime]);
  return <div className="mage-Log-rich" ref={host} />;
}
