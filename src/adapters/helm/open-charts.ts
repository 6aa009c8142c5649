import type { ChartRepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { ChartRepository, OpenCharts, RemoteFileConfig } from '../../ports/charts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Secrets } from '../../ports/secrets.ts';
import { basicAuthorization } from './credentials.ts';
import { createRequester, type Requester } from './guarded-request.ts';
import { createHttpCharts } from './http-charts.ts';
import { createOciCharts } from './oci-charts.ts';
import { createRecentFiles, createRemoteFile, type RecentFiles } from './remote-file.ts';

interface OpenChartsDeps {
  secrets: Secrets;
  clock: Clock;
  /** http:// and addresses of this machine's own networks: local mode. */
  allowInsecure: boolean;
}

/** Bytes of files by URL that wait to be taken. */
const RECENT_BYTES = 33_554_432;

/** Opens Helm repositories, OCI registries and files at URLs, each once. */
export const createOpenCharts = ({ secrets, clock, allowInsecure }: OpenChartsDeps): OpenCharts => {
  const deps = {
    secrets,
    clock,
    allowInsecure,
    request: createRequester({ allowInsecure }),
    recent: createRecentFiles(RECENT_BYTES),
  };
  const opened = new Map<string, ChartRepository>();
  return (config) => {
    const key = JSON.stringify(config);
    const repository = opened.get(key) ?? open(deps, config);
    opened.set(key, repository);
    return repository;
  };
};

type OpenDeps = OpenChartsDeps & { request: Requester; recent: RecentFiles };

const open = (deps: OpenDeps, config: ChartRepositoryConfig | RemoteFileConfig): ChartRepository => {
  if (config.type === 'file') return createRemoteFile({ ...deps, url: config.url });
  const { credentials } = config;
  const authorize = async (): Promise<string | undefined> =>
    credentials === undefined ? undefined : basicAuthorization(await deps.secrets.read(credentials));
  const options = { ...deps, config, authorize };
  return config.type === 'oci' ? createOciCharts(options) : withRegistries(createHttpCharts(options), deps);
};

/** An index may name archives in an OCI registry (`oci://host/name:1.2.3`), which has credentials of its own. */
const withRegistries = (charts: ChartRepository, deps: OpenDeps): ChartRepository => ({
  resolve: async (chart, wanted) => {
    const found = await charts.resolve(chart, wanted);
    const [, url, tag] = /^(oci:\/\/.+):([^:/]+)$/.exec(found.url) ?? [];
    if (url === undefined || tag === undefined) return found;
    const registry = open(deps, { url, type: 'oci' });
    return { ...(await registry.resolve(undefined, tag.replaceAll('_', '+'))), version: found.version };
  },
  unpack: charts.unpack,
  fetch: (version) => {
    const [, host] = /^https?:\/\/([^/]+)\/v2\/.+\/blobs\/sha256:/.exec(version.url) ?? [];
    return host === undefined ? charts.fetch(version) : open(deps, { url: host, type: 'oci' }).fetch(version);
  },
});
