import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import { isExactVersion, pickVersion } from '../../domain/sources/chart-index.ts';
import type { ChartRepository, ChartVersion } from '../../ports/charts.ts';
import { ARCHIVE_BYTES, type ChartsOptions } from './http-charts.ts';
import { createOciClient, type OciClient } from './oci-client.ts';
import { unpackArchive } from './unpack.ts';

const MANIFEST_TYPES = 'application/vnd.oci.image.manifest.v1+json';
const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const FILE_LAYERS = ['application/vnd.oci.image.layer.v1.tar+gzip', 'application/vnd.oci.image.layer.v1.tar'];
const JSON_BYTES = 4_194_304;
const PAGES_AT_MOST = 50;

const ManifestSchema = v.object({
  layers: v.array(v.object({ mediaType: v.string(), digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)) })),
});
const TagsSchema = v.object({ tags: v.nullish(v.array(v.string()), []) });

/** Host and path of `oci://host/path`, `host/path`. */
const addressOf = (url: string): { host: string; path: string } => {
  const [host = '', ...path] = url
    .replace(/^oci:\/\//, '')
    .replace(/\/+$/, '')
    .split('/');
  if (/^[a-z0-9.-]+(?::\d+)?$|^\[::1\](?::\d+)?$/i.test(host)) return { host, path: path.join('/') };
  throw permanent(
    'chart-repository-refused',
    `${JSON.stringify(url.slice(0, 200))} is no OCI registry: write oci://host/path`,
  );
};

const NAME = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/** Charts (or archives of files) in an OCI registry. A tag is resolved to its layer's digest; tags write `+` as `_`. */
export const createOciCharts = ({
  config,
  authorize,
  request,
  allowInsecure,
}: ChartsOptions & { allowInsecure: boolean }): ChartRepository => {
  const clients = new Map<string, OciClient>();
  const clientOf = (name: string): OciClient => {
    const { host } = addressOf(config.url);
    if (!NAME.test(name)) throw permanent('chart-missing', `${JSON.stringify(name)} is no repository of ${host}`);
    const client = clients.get(name) ?? createOciClient({ host, name, authorize, request, allowInsecure });
    clients.set(name, client);
    return client;
  };
  return {
    resolve: async (chart, wanted) => {
      const { path } = addressOf(config.url);
      const name = [path, chart].filter(Boolean).join('/');
      const client = clientOf(name);
      const tag = await tagOf(client, name, wanted, chart !== undefined);
      return versionOf(client, name, tag);
    },
    fetch: async ({ url }) => {
      const found = /\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]+)$/.exec(url);
      const answer = await clientOf(found?.[1] ?? '').get(`blobs/${found?.[2]}`, '*/*', ARCHIVE_BYTES);
      return answer.body;
    },
    unpack: unpackArchive,
  };
};

const toTag = (version: string): string => version.replaceAll('+', '_');

/** A digest, an exact version and the tag of an artifact of files stand for themselves; a range is looked up. */
const tagOf = async (client: OciClient, name: string, wanted: string, isChart: boolean): Promise<string> => {
  if (/^sha256:[0-9a-f]{64}$/.test(wanted) || isExactVersion(wanted)) return wanted;
  const tags = await listTags(client);
  const versions = tags.map((tag) => tag.replaceAll('_', '+'));
  const found = tags.includes(wanted) && !isChart ? wanted : pickVersion(versions, wanted);
  if (found !== undefined) return found;
  throw permanent('chart-missing', `${name} has no tag in ${wanted}`);
};

const listTags = async (client: OciClient): Promise<string[]> => {
  const tags: string[] = [];
  let path: string | undefined = 'tags/list?n=1000';
  for (let page = 0; path !== undefined && page < PAGES_AT_MOST; page += 1) {
    const answer = await client.get(path, 'application/json', JSON_BYTES);
    tags.push(...(read(TagsSchema, answer.body, 'the list of tags').tags ?? []));
    path = /<([^>]+)>;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return tags;
};

const versionOf = async (client: OciClient, name: string, version: string): Promise<ChartVersion> => {
  const reference = version.startsWith('sha256:') ? version : toTag(version);
  const { body } = await client.get(`manifests/${encodeURIComponent(reference)}`, MANIFEST_TYPES, JSON_BYTES);
  if (reference.startsWith('sha256:') && `sha256:${createHash('sha256').update(body).digest('hex')}` !== reference) {
    throw permanent('chart-repository-invalid', `${name}: the manifest is not the one of digest ${reference}`);
  }
  const { layers } = read(ManifestSchema, body, `the manifest of ${name}:${version}`);
  const chart = layers.find(({ mediaType }) => mediaType === CHART_LAYER);
  const files = layers.filter(({ mediaType }) => FILE_LAYERS.includes(mediaType));
  const layer = chart ?? (files.length === 1 ? files[0] : undefined);
  if (!layer) {
    throw permanent('chart-repository-invalid', `${name}:${version} has no chart and not exactly one layer of files`);
  }
  const digest = layer.digest.slice('sha256:'.length);
  return { version, digest, url: `${client.base}blobs/${layer.digest}`, layout: chart ? 'chart' : 'files' };
};

const read = <T>(schema: v.GenericSchema<unknown, T>, body: Uint8Array, what: string): T => {
  try {
    return v.parse(schema, JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (cause) {
    throw permanent('chart-repository-invalid', `${what} cannot be read`, { cause });
  }
};
