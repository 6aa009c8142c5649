import { permanent } from '../../domain/errors.ts';
import type { ChartRepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import { pickVersion, readIndex } from '../../domain/sources/chart-index.ts';
import type { ChartRepository } from '../../ports/charts.ts';
import type { Clock } from '../../ports/clock.ts';
import { answerError } from './answer-errors.ts';
import type { Requester } from './guarded-request.ts';
import { unpackArchive } from './unpack.ts';

export interface ChartsOptions {
  config: ChartRepositoryConfig;
  /** The Authorization header of the registered credentials. */
  authorize: () => Promise<string | undefined>;
  request: Requester;
  clock: Clock;
}

/** Bytes: the largest public index has some 20 MB. */
const INDEX_BYTES = 67_108_864;
export const ARCHIVE_BYTES = 33_554_432;
/** How long an index counts without asking: one plan asks for many charts of one repository. */
const FRESH_MS = 10_000;

interface KnownIndex {
  text: string;
  etag?: string;
  lastModified?: string;
  askedAt: number;
}

/** The text of the repository's index as it is now. */
const createIndex = ({ config, authorize, request, clock }: ChartsOptions): (() => Promise<string>) => {
  let known: Promise<KnownIndex> | undefined;
  const ask = async (before: KnownIndex | undefined): Promise<KnownIndex> => {
    const headers = {
      ...(before?.etag ? { 'if-none-match': before.etag } : {}),
      ...(before?.lastModified ? { 'if-modified-since': before.lastModified } : {}),
    };
    const authorization = await authorize();
    const answer = await request({ url: `${baseOf(config)}index.yaml`, headers, authorization, maxBytes: INDEX_BYTES });
    if (answer.status === 304 && before) return { ...before, askedAt: clock() };
    if (answer.status !== 200) throw answerError(answer, `index.yaml of ${config.url}`);
    const etag = answer.headers.get('etag');
    const lastModified = answer.headers.get('last-modified');
    const text = Buffer.from(answer.body).toString('utf8');
    return { text, askedAt: clock(), ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) };
  };
  return async () => {
    const before = await known?.catch(() => undefined);
    if (before && clock() - before.askedAt < FRESH_MS) return before.text;
    const asked = ask(before);
    known = asked;
    return (await asked).text;
  };
};

const baseOf = ({ url }: ChartRepositoryConfig): string => `${url.replace(/\/+$/, '')}/`;

const findVersion = (text: string, { url: repository }: ChartRepositoryConfig, chart: string, wanted: string) => {
  const entries = readIndex(text, chart);
  if ('reason' in entries) {
    throw permanent('chart-repository-invalid', `index.yaml of ${repository}: ${entries.reason}`);
  }
  if (entries.length === 0) throw permanent('chart-missing', `${repository} has no chart ${chart}`);
  const version = pickVersion(
    entries.map((entry) => entry.version),
    wanted,
  );
  const entry = entries.find((one) => one.version === version);
  if (entry) return entry;
  throw permanent('chart-missing', `${repository} has no version of chart ${chart} in ${wanted}`);
};

/** A Helm repository: an `index.yaml` (asked for again only where it has changed), and archives where it says. */
export const createHttpCharts = (options: ChartsOptions): ChartRepository => {
  const { config, authorize, request } = options;
  const base = baseOf(config);
  const index = createIndex(options);
  return {
    resolve: async (chart = '', wanted) => {
      const { url, ...found } = findVersion(await index(), config, chart, wanted);
      return { ...found, url: URL.canParse(url) ? url : new URL(url, base).href, layout: 'chart' };
    },
    fetch: async ({ url }) => {
      const everywhere = config.passCredentials ?? false;
      const isOwn = everywhere || new URL(url).host === new URL(base).host;
      const authorization = isOwn ? await authorize() : undefined;
      const answer = await request({ url, authorization, everywhere, maxBytes: ARCHIVE_BYTES });
      if (answer.status !== 200) throw answerError(answer, `archive ${new URL(url).pathname} of ${config.url}`);
      return answer.body;
    },
    unpack: unpackArchive,
  };
};
