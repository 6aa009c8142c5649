import type { KubernetesObject } from '../../kubernetes-object.ts';
import { at, type Condition, conditionsAt, isRecord, listAt, textAt } from '../fields.ts';
import type { Health } from '../health-status.ts';
import {
  condition,
  type Kinds,
  kinds,
  observed,
  observedConditions,
  otherwise,
  phase,
  type Rule,
  ready,
  reported,
  rules,
  when,
} from './rules.ts';

/** What one parent (a Gateway) says of a route or policy. */
interface Parent {
  name: string;
  conditions: Condition[];
  /** It has not seen the current spec. */
  stale: boolean;
}

const parentsAt = (object: KubernetesObject, list: string, ref: string): Parent[] =>
  listAt(object, `status.${list}`).map((item) => {
    const conditions = conditionsAt(item, 'conditions');
    const generation = object.metadata.generation ?? 0;
    const stale = conditions.some((c) => c.observedGeneration !== undefined && c.observedGeneration < generation);
    return { name: textAt(item, `${ref}.name`), conditions, stale };
  });

const text = (parent: Parent, found: Condition, kind: string): string =>
  `${kind} ${parent.name}: ${found.message || `${found.type} is ${found.status}`}`;

const refusing = (kind: string, parents: readonly Parent[], types: RegExp, status: Health['status']): Rule => {
  const found = parents
    .flatMap((parent) => parent.conditions.map((one) => ({ parent, one })))
    .find(({ one }) => types.test(one.type) && one.status === 'False');
  return () => (found ? { status, message: text(found.parent, found.one, kind) } : undefined);
};

/** A route is judged by the parents that have seen its current spec; others speak of an older one. */
const route: Rule = (object) => {
  const all = parentsAt(object, 'parents', 'parentRef');
  const current = all.filter((parent) => !parent.stale);
  if (current.length === 0) return { status: 'Progressing', message: 'Waiting for a parent to take the route up' };
  return rules(
    refusing('Parent', current, /^(Accepted|ResolvedRefs)$/, 'Degraded'),
    refusing('Parent', current, /^Programmed$/, 'Progressing'),
    otherwise('Healthy'),
  )(object);
};

/** A policy counts once every ancestor has seen its current spec. */
const policy: Rule = (object) => {
  const all = parentsAt(object, 'ancestors', 'ancestorRef');
  const stale = all.find((parent) => parent.stale);
  return rules(
    refusing(
      'Ancestor',
      all.filter((parent) => !parent.stale),
      /^(Accepted|ResolvedRefs)$/,
      'Degraded',
    ),
    when(() => all.length === 0, 'Progressing', 'Waiting for an ancestor to take the policy up'),
    when(() => stale !== undefined, 'Progressing', `Waiting for ancestor ${stale?.name}`),
    otherwise('Healthy'),
  )(object);
};

/** Airlock's policies say Accepted or are not: an ancestor that reports other things only has not accepted it. */
const airlockPolicy: Rule = rules(policy, otherwise('Healthy'));
const airlock: Rule = (object) => {
  const parents = parentsAt(object, 'ancestors', 'ancestorRef');
  const silent = parents.find(
    (parent) => !parent.stale && parent.conditions.length > 0 && !parent.conditions.some((c) => c.type === 'Accepted'),
  );
  if (silent) return { status: 'Degraded', message: `Ancestor ${silent.name} has not accepted it` };
  return airlockPolicy(object);
};

const gateway = rules(
  reported('status.conditions'),
  observedConditions(),
  condition(/^(Accepted|ResolvedRefs)$/, 'False', 'Degraded'),
  condition('Programmed', 'False', 'Degraded', { reasons: ['Invalid'] }),
  condition(/^(Accepted|Programmed)$/, 'Unknown', 'Progressing'),
  condition('Programmed', 'False', 'Progressing'),
  brokenListener,
  condition(/^(Programmed|Ready|Accepted)$/, 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the gateway to be programmed'),
);

/** A gateway may be programmed while one of its listeners is refused. */
function brokenListener(object: KubernetesObject): Health | undefined {
  const listeners = listAt(object, 'status.listeners').map((item) => ({
    name: textAt(item, 'name'),
    conditions: conditionsAt(item, 'conditions'),
    stale: false,
  }));
  return refusing('Listener', listeners, /^(Accepted|ResolvedRefs)$/, 'Degraded')(object);
}

/** Gloo reports by name or by number, per namespace of a controller or once. */
const GLOO: Readonly<Record<string, Health['status']>> = {
  Pending: 'Suspended',
  Accepted: 'Healthy',
  Rejected: 'Degraded',
  Warning: 'Degraded',
  0: 'Suspended',
  1: 'Healthy',
  2: 'Degraded',
  3: 'Degraded',
};

const gloo: Rule = (object) => {
  const perController = at(object, 'status.statuses');
  const reports = isRecord(perController) ? Object.values(perController) : [at(object, 'status')];
  const healths = reports.flatMap((report): Health[] => {
    const state = at(report, 'state');
    const status = typeof state === 'number' || typeof state === 'string' ? GLOO[state] : undefined;
    return status ? [{ status, message: textAt(report, 'reason') }] : [];
  });
  const pick = (status: Health['status']): Health | undefined => healths.find((health) => health.status === status);
  return (
    pick('Degraded') ??
    pick('Suspended') ??
    pick('Healthy') ?? { status: 'Progressing', message: 'Waiting for the resource to be validated' }
  );
};

const GLOO_GATEWAY = [
  'Gateway',
  'MatchableHttpGateway',
  'RouteOption',
  'RouteTable',
  'VirtualHostOption',
  'VirtualService',
];
const GLOO_CORE = ['Proxy', 'Settings', 'Upstream', 'UpstreamGroup'];

const contour = rules(observedConditions('Valid'), ready('Valid'));

const certificate = rules(
  reported('status.conditions'),
  observedConditions('Ready', 'Issuing'),
  condition('Issuing', 'True', 'Progressing'),
  ready(),
);

const issuer = rules(reported('status.conditions'), ready());

const knativeOperator = rules(
  reported('status.conditions'),
  when(
    (object) => conditionsAt(object).some((c) => !['True', 'False', 'Unknown'].includes(c.status)),
    'Degraded',
    list,
  ),
  when((object) => conditionsAt(object).every((c) => c.status === 'True'), 'Healthy', ''),
  otherwise('Progressing', list),
);

function list(object: KubernetesObject): string {
  return conditionsAt(object)
    .filter((c) => c.status !== 'True')
    .map((c) => `${c.type} is ${c.status}${c.message ? `: ${c.message}` : ''}`)
    .join('; ');
}

const knativeService = rules(
  reported('status.conditions'),
  observed(),
  when((object) => conditionsAt(object).some((c) => c.status === 'False'), 'Degraded', list),
  when((object) => conditionsAt(object).some((c) => c.status === 'Unknown'), 'Progressing', list),
  condition('Ready', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting to become ready'),
);

const isOpen = (c: Condition): boolean => c.status !== 'True' && c.type !== 'Stopped';

const transition = (object: KubernetesObject): string => textAt(object, 'status.modelStatus.transitionStatus');

/** A model that cannot be loaded is at fault; parts that are denied may only be waiting for others. */
const inferenceService = rules(
  reported(),
  condition('Stopped', 'True', 'Suspended'),
  when((object) => !['', 'UpToDate', 'InProgress'].includes(transition(object)), 'Degraded', faults),
  when((object) => transition(object) === 'InProgress', 'Progressing', faults),
  when((object) => conditionsAt(object).some(isOpen), 'Progressing', list),
  otherwise('Healthy'),
);

function faults(object: KubernetesObject): string {
  return [transition(object), list(object)].filter(Boolean).join('; ');
}

const dnsInstance = rules(
  reported('status.conditions'),
  observedConditions(),
  condition('Adopted', 'False', 'Degraded'),
  condition('Advertised', 'False', 'Degraded'),
  condition('Discoverable', 'True', 'Healthy'),
  condition('Discoverable', 'False', 'Progressing', {
    reasons: ['NegativeLookupResult', 'Expired', 'AwaitingDiscovery'],
  }),
  condition('Discoverable', 'False', 'Degraded'),
  condition(/./, 'Unknown', 'Progressing'),
  otherwise('Progressing', 'Waiting to become discoverable'),
);

/** Gateways, routes, certificates and serving. */
export const networkKinds: Kinds = {
  ...kinds('gateway.networking.k8s.io', ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'], route),
  'gateway.networking.k8s.io/BackendTLSPolicy': policy,
  'gateway.networking.k8s.io/Gateway': gateway,
  'gateway.networking.k8s.io/ListenerSet': gateway,
  'gateway.networking.k8s.io/GatewayClass': ready('Accepted'),
  ...kinds('gateway.solo.io', GLOO_GATEWAY, gloo),
  ...kinds('gloo.solo.io', GLOO_CORE, gloo),
  ...kinds('projectcontour.io', ['ExtensionService', 'HTTPProxy'], contour),
  'cert-manager.io/Certificate': certificate,
  'certmanager.k8s.io/Certificate': certificate,
  ...kinds('cert-manager.io', ['ClusterIssuer', 'Issuer'], issuer),
  ...kinds('certmanager.k8s.io', ['ClusterIssuer', 'Issuer'], issuer),
  ...kinds('operator.knative.dev', ['KnativeEventing', 'KnativeServing'], knativeOperator),
  'serving.knative.dev/Service': knativeService,
  'serving.kserve.io/InferenceService': inferenceService,
  'proclaim.dogmatiq.io/DNSSDServiceInstance': dnsInstance,
  ...kinds(
    'getambassador.io',
    ['Mapping', 'Host'],
    rules(
      phase('status.state', { Healthy: ['Running', 'Ready'], Degraded: ['Error', 'Inactive'] }),
      otherwise('Progressing', 'Waiting for Ambassador'),
    ),
  ),
};

/** Every kind of these groups without a rule of its own. */
export const networkGroups: readonly (readonly [string, Rule])[] = [['microgateway.airlock.com', airlock]];
