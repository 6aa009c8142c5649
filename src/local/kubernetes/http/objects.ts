import { badRequest, methodNotAllowed, notEmbedded, unsupportedMediaType } from '../api-status.ts';
import { recordOf } from '../json.ts';
import { listPage } from '../read/list.ts';
import { tableOf } from '../read/table.ts';
import { apiVersionOf } from '../resource-types.ts';
import { jsonOf } from '../storage/object-store.ts';
import { deleteAnswer, deleteRequest, remove } from '../writes/delete.ts';
import type { Target, Written } from '../writes/deps.ts';
import { scaleOf, writeScale } from '../writes/scale.ts';
import { apply, create, patch, replace, requireLive } from '../writes/write.ts';
import { metadataOnly, sendJson, sendObject, sendText, wantedOf } from './answers.ts';
import { mediaType, parseObjectBody, parseYamlOrJson } from './body.ts';
import type { Exchange, ServerDeps } from './requests.ts';
import { requireManager, writeOptions } from './requests.ts';
import type { ResourceRoute } from './route.ts';
import { serveWatch } from './watch-stream.ts';

const targetOf = ({ type, namespace, name, subresource }: ResourceRoute): Target => ({
  type,
  namespace: namespace ?? '',
  name,
  ...(subresource && subresource !== 'finalize' ? { subresource } : {}),
});

const typeOf = ({ request }: Exchange): string => mediaType(request.headers['content-type']);

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const sendWritten = ({ response }: Exchange, { object, created }: Written): void =>
  sendObject(response, created ? 201 : 200, object);

const patchObject = (deps: ServerDeps, exchange: Exchange, target: Target): Written => {
  const options = writeOptions(exchange);
  const type = typeOf(exchange);
  const { body } = exchange;
  switch (type) {
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+json':
      requireManager(exchange);
      return apply(deps, target, parseYamlOrJson(body), options);
    case 'application/json-patch+json':
      return patch(deps, target, 'json', parseObjectBody(body, ''), options);
    case 'application/merge-patch+json':
      return patch(deps, target, 'merge', parseObjectBody(body, ''), options);
    case 'application/strategic-merge-patch+json':
      if (target.type.custom)
        throw unsupportedMediaType(
          type,
          patchTypes.filter((one) => one !== type),
        );
      return patch(deps, target, 'strategic', parseObjectBody(body, ''), options);
    default:
      throw unsupportedMediaType(type, patchTypes);
  }
};

const serveScale = (deps: ServerDeps, exchange: Exchange, target: Target): void => {
  const { request, response, body } = exchange;
  if (request.method === 'GET') {
    sendJson(response, 200, scaleOf(target.type, requireLive(deps, target)));
    return;
  }
  if (request.method !== 'PUT' && request.method !== 'PATCH') throw methodNotAllowed();
  const isJson = typeOf(exchange) === 'application/json-patch+json';
  const kind = request.method === 'PUT' ? 'put' : isJson ? 'json' : 'merge';
  sendJson(response, 200, writeScale(deps, target, kind, parseYamlOrJson(body), writeOptions(exchange)));
};

/** A namespace's finalizers are in its spec and have an endpoint of their own. */
const finalize = (deps: ServerDeps, exchange: Exchange, target: Target): void => {
  const { spec } = recordOf(parseObjectBody(exchange.body, typeOf(exchange)));
  const change = { spec: { finalizers: recordOf(spec).finalizers ?? [] } };
  sendWritten(exchange, patch(deps, target, 'merge', change, writeOptions(exchange)));
};

const getObject = (deps: ServerDeps, { request, response, query }: Exchange, target: Target): void => {
  const wanted = wantedOf(request.headers.accept);
  const object = requireLive(deps, target);
  if (wanted === 'json') sendObject(response, 200, object);
  else if (wanted === 'metadata') sendJson(response, 200, metadataOnly(object));
  else {
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const table = { type: target.type, now: deps.clock(), include: query.get('includeObject'), metadata };
    sendJson(response, 200, tableOf([object], table));
  }
};

const deleteObject = (deps: ServerDeps, exchange: Exchange, target: Target): void => {
  const body = exchange.body.length === 0 ? undefined : parseObjectBody(exchange.body, typeOf(exchange));
  const deleted = remove(deps, target, deleteRequest(body, exchange.query));
  sendJson(exchange.response, 200, deleteAnswer(target, deleted));
};

const serveObject = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  const target = targetOf(route);
  switch (exchange.request.method) {
    case 'GET':
      return getObject(deps, exchange, target);
    case 'PUT':
      return sendWritten(
        exchange,
        replace(deps, target, parseObjectBody(exchange.body, typeOf(exchange)), writeOptions(exchange)),
      );
    case 'PATCH':
      return sendWritten(exchange, patchObject(deps, exchange, target));
    case 'DELETE':
      return deleteObject(deps, exchange, target);
    default:
      throw methodNotAllowed();
  }
};

const sendList = (deps: ServerDeps, { request, response, query }: Exchange, route: ResourceRoute): void => {
  const { type, namespace } = route;
  const wanted = wantedOf(request.headers.accept);
  const page = listPage(deps.store, type, namespace, query);
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken, remainingItemCount: page.remaining }),
  };
  if (wanted === 'table') {
    const table = { type, now: deps.clock(), include: query.get('includeObject'), metadata };
    sendJson(response, 200, tableOf(page.objects, table));
    return;
  }
  const isPartial = wanted === 'metadata';
  const kind = isPartial ? 'PartialObjectMetadataList' : type.listKind;
  const apiVersion = isPartial ? 'meta.k8s.io/v1' : apiVersionOf(type);
  const items = page.objects.map((object) => (isPartial ? JSON.stringify(metadataOnly(object)) : jsonOf(object)));
  const head = JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1);
  sendText(response, 200, `${head},"items":[${items.join(',')}]}`);
};

const deleteCollection = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  const { type, namespace } = route;
  const body = exchange.body.length === 0 ? undefined : parseObjectBody(exchange.body, typeOf(exchange));
  const { uid: _uid, resourceVersion: _version, ...request } = deleteRequest(body, exchange.query);
  const { objects, resourceVersion } = listPage(deps.store, type, namespace, exchange.query);
  for (const { metadata } of objects) {
    remove(deps, { type, namespace: metadata.namespace ?? '', name: metadata.name ?? '' }, request);
  }
  const list = { kind: type.listKind, apiVersion: apiVersionOf(type), metadata: { resourceVersion }, items: objects };
  sendJson(exchange.response, 200, list);
};

const createObject = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  const { type, namespace } = route;
  if (type.namespaced && namespace === undefined) throw badRequest('namespace is required to create an object');
  const body = parseObjectBody(exchange.body, typeOf(exchange));
  const target = targetOf({ ...route, name: '' });
  sendWritten(exchange, create(deps, target, body, writeOptions(exchange)));
};

const isWatch = (query: URLSearchParams): boolean => ['true', '1'].includes(query.get('watch') ?? '');

/** `metadata.name` of the field selector narrows a collection to one object: what kubectl watches. */
const serveCollection = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  switch (exchange.request.method) {
    case 'GET':
      return isWatch(exchange.query) ? serveWatch(deps, exchange, route) : sendList(deps, exchange, route);
    case 'POST':
      return createObject(deps, exchange, route);
    case 'DELETE':
      return deleteCollection(deps, exchange, route);
    default:
      throw methodNotAllowed();
  }
};

/** Answers a request for objects. Errors: ApiStatus. */
export const serveResource = (deps: ServerDeps, exchange: Exchange, route: ResourceRoute): void => {
  const { subresource, type, name, namespace } = route;
  if (name === '') return serveCollection(deps, exchange, route);
  if (type.namespaced && namespace === undefined) throw badRequest(`${type.kind} needs a namespace in its path`);
  if (subresource === undefined) return serveObject(deps, exchange, route);
  if (!type.subresources.includes(subresource)) throw notEmbedded(`${type.resource}/${subresource}`);
  if (subresource === 'status') return serveObject(deps, exchange, route);
  if (subresource === 'scale') return serveScale(deps, exchange, targetOf(route));
  if (subresource === 'finalize') return finalize(deps, exchange, targetOf(route));
  throw notEmbedded(`${type.resource}/${subresource}`);
};
