import type { CommandRegistry } from '@lumino/commands';

/** Tells other extensions which arguments a command takes. */
export function argsSchema(
  properties: Record<string, 'string' | 'boolean' | 'number' | 'object'> = {}
): CommandRegistry.ICommandOptions['describedBy'] {
  return {
    args: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, type]) => [name, { type }])
      )
    }
  };
}
