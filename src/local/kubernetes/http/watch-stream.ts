import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { isRecord } from '../json.ts';
import { tableOf } from '../read/table.ts';
import type { WatchEvent } from '../read/watch.ts';
import { watch } from '../read/watch.ts';
import { jsonOf } from '../storage/object-store.ts';
import type { Wanted } from './answers.ts';
import { metadataOnly, wantedOf } from './answers.ts';
import type { Exchange, ServerDeps } from './requests.ts';
import type { ResourceRoute } from './route.ts';

const bookmarkMilliseconds = 30_000;

const isObject = (value: unknown): value is KubernetesObject => isRecord(value) && isRecord(value.metadata);

/** Writes one event a line, in the representation asked for. */
const encoder = (deps: ServerDeps, { query }: Exchange, { type }: ResourceRoute, wanted: Wanted) => {
  let withColumns = true;
  return ({ type: what, object }: WatchEvent): string => {
    if (what === 'ERROR' || !isObject(object)) return `${JSON.stringify({ type: what, object })}\n`;
    if (wanted === 'json') return `{"type":"${what}","object":${jsonOf(object)}}\n`;
    if (wanted === 'metadata') return `${JSON.stringify({ type: what, object: metadataOnly(object) })}\n`;
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const request = { type, now: deps.clock(), include: query.get('includeObject'), metadata, withColumns };
    const table = tableOf([object], request);
    withColumns = false;
    return `${JSON.stringify({ type: what, object: table })}\n`;
  };
};

/** Streams changes until the client leaves or `timeoutSeconds` pass. Errors: ApiStatus before the first byte. */
export const serveWatch = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  const { request, response, query } = exchange;
  const encode = encoder(deps, exchange, route, wantedOf(request.headers.accept));
  const waiting: string[] = [];
  let isOpen = false;
  const send = (event: WatchEvent): void => {
    const line = encode(event);
    if (isOpen) response.write(line);
    else waiting.push(line);
  };
  const { type, namespace } = route;
  const following = watch(deps.store, { type, namespace, query }, send);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  isOpen = true;
  for (const line of waiting.splice(0)) response.write(line);
  if (!following) {
    response.end();
    return;
  }
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || 1_800;
  const ending = setTimeout(() => response.end(), seconds * 1_000);
  const marks = setInterval(() => following.bookmark(), bookmarkMilliseconds);
  response.on('close', () => {
    clearTimeout(ending);
    clearInterval(marks);
    following.stop();
  });
};
