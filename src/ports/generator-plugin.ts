import type { PluginConfig } from '../domain/fleet/fleet-file.ts';

/** What Argo CD sends to a plugin of ApplicationSets. */
export interface PluginRequest {
  applicationSetName: string;
  input: { parameters: Record<string, unknown> };
}

/**
 * Asks a plugin that the fleet file lists for its output parameters. Errors: AppError `plugin-unreachable` (transient),
 * `plugin-refused` (permanent: an answer of 4xx, or none that can be read).
 */
export type AskPlugin = (plugin: PluginConfig, request: PluginRequest) => Promise<Record<string, unknown>[]>;
