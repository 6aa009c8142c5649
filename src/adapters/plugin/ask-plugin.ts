import * as v from 'valibot';
import { AppError, permanent, transient } from '../../domain/errors.ts';
import type { PluginConfig } from '../../domain/fleet/fleet-file.ts';
import type { AskPlugin } from '../../ports/generator-plugin.ts';
import type { Secrets } from '../../ports/secrets.ts';

const AnswerSchema = v.object({
  output: v.object({ parameters: v.nullish(v.array(v.record(v.string(), v.unknown())), []) }),
});

const TIMEOUT_SECONDS = 30;
const MAX_BYTES = 4_000_000;

/**
 * Asks a plugin as Argo CD does: `POST <baseUrl>/api/v1/getparams.execute` with the token as Bearer. Redirects are not
 * followed: only the address in the fleet file is asked.
 */
export const createAskPlugin =
  ({ secrets }: { secrets: Secrets }): AskPlugin =>
  async (plugin, request) => {
    const token = plugin.credentials === undefined ? undefined : (await secrets.read(plugin.credentials)).trim();
    const response = await post(plugin, JSON.stringify(request), token);
    const { status } = response;
    if (status >= 500 || status === 429) {
      throw transient('plugin-unreachable', `plugin ${plugin.name} answered ${status}`, { details: { status } });
    }
    if (status !== 200) {
      throw permanent('plugin-refused', `plugin ${plugin.name} answered ${status}: ${remedyOf(status)}`, {
        details: { status },
      });
    }
    const parsed = v.safeParse(AnswerSchema, await readJson(plugin, response));
    if (parsed.success) return parsed.output.output.parameters ?? [];
    throw permanent('plugin-refused', `plugin ${plugin.name} has to answer {"output": {"parameters": [{…}]}}`);
  };

const remedyOf = (status: number): string => {
  if (status === 401 || status === 403) return 'check the secret that its credentials name';
  return status >= 300 && status < 400 ? 'redirects are not followed' : 'check its baseUrl';
};

const post = async (plugin: PluginConfig, body: string, token: string | undefined): Promise<Response> => {
  try {
    return await fetch(`${plugin.baseUrl.replace(/\/+$/, '')}/api/v1/getparams.execute`, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'towline',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      signal: AbortSignal.timeout((plugin.requestTimeout ?? TIMEOUT_SECONDS) * 1_000),
    });
  } catch (error) {
    throw unreachable(plugin, error);
  }
};

const readJson = async (plugin: PluginConfig, { body }: Response): Promise<unknown> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      if (size > MAX_BYTES) {
        throw permanent('plugin-refused', `plugin ${plugin.name} answered more than ${MAX_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof SyntaxError) return undefined;
    throw unreachable(plugin, error);
  }
};

const unreachable = ({ name }: PluginConfig, error: unknown): AppError =>
  transient('plugin-unreachable', `plugin ${name} did not answer`, {
    details: { plugin: name, reason: error instanceof Error ? error.name : 'unknown' },
  });
