import type { ApplicationRow } from '../../src/domain/application-row.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import { CANARY, MAIN, REPOSITORY, type World } from './engine/world.ts';
import { type ApplicationModel, type CommitModel, type Commits, type ObjectModel } from './fleet-model.ts';

const CONTEXTS = ['towline/dev', 'towline/prod'];
const isTerminal = (state: string): boolean => state !== 'pending' && state !== 'running';
const refName = (branch = 'main'): string => `refs/heads/${branch}`;

/**
 * What of the eleven promises (design §11) a history at rest breaks, one line each, beginning with the promise's number.
 * `recorded` is told of every application whose head ended in a recorded failure that its manifests do not explain.
 */
export const brokenPromises = (world: World, commits: Commits, recorded: (row: ApplicationRow) => void): string[] => [
  ...world.history.breaches,
  ...restlessRows(world),
  ...lostCommits(world, commits, recorded),
  ...wrongStatuses(world, commits),
  ...wrongMessages(world),
  ...leakedSecrets(world),
  ...strangeWrites(world, commits),
  ...unboundedWork(world),
];

const tables = ({ ports }: World) => [ports.deliveries, ports.refs, ports.renders, ports.rollouts, ports.applications];

const restlessRows = (world: World): string[] =>
  tables(world).flatMap(({ rows }) =>
    [...rows.values()].flatMap((row) => {
      const isHeld = 'lease' in row && row.lease !== undefined;
      return row.due !== undefined || isHeld
        ? [`1 no lost commit: row ${row.id} is not at rest: ${JSON.stringify([row.due, isHeld && row.lease])}`]
        : [];
    }),
  );

const lostCommits = (world: World, commits: Commits, recorded: (row: ApplicationRow) => void): string[] => {
  const heads = world.repository.heads();
  const fleet = commits.get(heads.get(MAIN) ?? '');
  if (!fleet) return [];
  const { rows } = world.ports.applications;
  const known = Object.entries(fleet.applications).flatMap(([name, model]) =>
    judgeApplication(world, { name, model, head: commits.get(heads.get(refName(model.branch)) ?? ''), recorded }),
  );
  const gone = [...rows.values()].filter(({ spec }) => !(spec.name in fleet.applications));
  return [
    ...judgeRefs(world, fleet),
    ...known,
    ...gone.map(({ id }) => `1 no lost commit: ${id} is gone from Git and still has a row`),
    ...leftBehind(world, commits, fleet),
  ];
};

const judgeRefs = ({ ports, repository }: World, fleet: CommitModel): string[] => {
  const branches = new Set([undefined, ...Object.values(fleet.applications).map(({ branch }) => branch)]);
  return [...branches].flatMap((branch) => {
    const head = repository.heads().get(refName(branch));
    const row = ports.refs.rows.get(`${REPOSITORY}#${refName(branch)}`);
    // Nobody but its webhook tells that a branch is gone: polling sees those that are there.
    return head === undefined || row?.head === head
      ? []
      : [`1 no lost commit: ${refName(branch)} stands at ${head}, planned is ${row?.head}`];
  });
};

interface Judged {
  name: string;
  model: ApplicationModel;
  head: CommitModel | undefined;
  recorded: (row: ApplicationRow) => void;
}

const judgeApplication = (world: World, { name, model, head, recorded }: Judged): string[] => {
  const row = [...world.ports.applications.rows.values()].find(({ spec }) => spec.name === name);
  if (!row || row.removed) return [`1 no lost commit: ${name} has no row`];
  if (!head) return [];
  const folder = head.folders[model.path] ?? {};
  const objects = Object.entries(folder);
  const isBroken = objects.length === 0 || objects.some(([, { kind }]) => kind === 'Broken');
  if (isBroken)
    return row.desired?.error ? [] : [`1 no lost commit: ${name} is broken at its head and nothing says so`];
  if (row.pinned) return [];
  if (row.desired?.error) return [`1 no lost commit: ${name}: ${row.desired.error.code}: ${row.desired.error.message}`];
  const { desired, applied, operation } = row;
  const hasFailed = operation?.generation === desired?.generation && operation?.phase !== 'Succeeded';
  if (hasFailed && world.machine.faults > 0 && row.told?.phase === 'failed') {
    recorded(row);
    return [];
  }
  if (!applied || applied.generation !== desired?.generation) return [`1 no lost commit: ${name} is not applied`];
  return unfaithful(world, { name, model, folder });
};

const trackedBy = (world: World, cluster: 'dev' | 'prod', name: string): KubernetesObject[] =>
  [...world.clusters[cluster].objects.values()].filter(({ metadata }) =>
    metadata.annotations?.['argocd.argoproj.io/tracking-id']?.startsWith(`${name}:`),
  );

const isHook = ({ annotations = {} }: { annotations?: Record<string, string> }): boolean =>
  'argocd.argoproj.io/hook' in annotations;

/** Whether an object's data, or what it makes of its spec, names the value; Secrets hold it in base64. */
const holds = (object: KubernetesObject, value: string): boolean => {
  const { data, stringData, spec } = object as { data?: unknown; stringData?: unknown; spec?: unknown };
  const text = JSON.stringify([data, stringData, spec]);
  return [value, Buffer.from(value).toString('base64')].some((one) => text.includes(JSON.stringify(one)));
};

/** Promise 4: what is live is what Git says, and no more. */
const unfaithful = (
  world: World,
  { name, model, folder }: { name: string; model: ApplicationModel; folder: Record<string, ObjectModel> },
): string[] => {
  const wanted = Object.entries(folder).flatMap(([object, one]) =>
    one.kind === 'Broken' || isHook(one) ? [] : [`${one.kind} ${object} ${one.value}`],
  );
  const live = trackedBy(world, model.cluster, name).filter(({ metadata }) => !isHook(metadata));
  const breaches = wanted.flatMap((one) => {
    const [kind, object, value = ''] = one.split(' ');
    const found = live.find((candidate) => candidate.kind === kind && candidate.metadata.name === object);
    if (!found) return [`4 fidelity: ${name} lacks ${kind} ${object}`];
    return holds(found, value) ? [] : [`4 fidelity: ${name} ${kind} ${object} is not ${value}`];
  });
  const extra = live.filter(({ kind, metadata }) => !wanted.some((one) => one.startsWith(`${kind} ${metadata.name} `)));
  return [...breaches, ...extra.map(({ kind, metadata }) => `4 fidelity: ${name} still has ${kind} ${metadata.name}`)];
};

/** What the finalizer asks to delete is deleted; without it nothing is. */
const leftBehind = (world: World, commits: Commits, fleet: CommitModel): string[] => {
  const ever = new Map<string, ApplicationModel[]>();
  for (const { applications } of commits.values()) {
    for (const [name, model] of Object.entries(applications)) ever.set(name, [...(ever.get(name) ?? []), model]);
  }
  return [...ever].flatMap(([name, models]) => {
    if (name in fleet.applications || !models.every(({ finalizer }) => finalizer)) return [];
    return models.flatMap(({ cluster }) =>
      trackedBy(world, cluster, name).map(
        ({ kind, metadata }) => `5 prune safety: ${name} left ${kind} ${metadata.name}`,
      ),
    );
  });
};

const wrongStatuses = (world: World, commits: Commits): string[] => {
  const { history, ports, repository, machine } = world;
  const told = Map.groupBy(history.statuses, ({ status }) => `${status.commit} ${status.context}`);
  const breaches = [...told].flatMap(([what, posts]) => {
    const last = posts.at(-1)?.status;
    // What waited for a person ends once more when that one has said yes; what failed, when it is tried again.
    const repeated = Map.groupBy(
      posts,
      ({ rollout, status }) => `${rollout} ${status.state}${status.description.includes('waiting') ? ' waiting' : ''}`,
    );
    const attempts = (key: string): number => ports.rollouts.rows.get(key.split(' ')[0] ?? '')?.attempt ?? 1;
    const isOld = posts.some(({ rollout }, index) => {
      const born = (id: string) => ports.rollouts.rows.get(id)?.createdAt ?? 0;
      return posts.slice(0, index).some((before) => born(before.rollout) > born(rollout));
    });
    return [
      ...(last && !isTerminal(last.state) ? [`6 statuses: ${what} ends as ${last.state}`] : []),
      ...[...repeated].flatMap(([key, all]) =>
        all.length > attempts(key) + machine.unsure ? [`6 statuses: ${what} told ${all.length} times: ${key}`] : [],
      ),
      ...(isOld ? [`6 statuses: ${what} was told by an older rollout after a newer one`] : []),
    ];
  });
  const followed = new Set(
    [...commits.values()].flatMap(({ applications }) =>
      Object.values(applications).map(({ branch }) => refName(branch)),
    ),
  );
  const heads = [...repository.heads()]
    .filter(([ref]) => ref === MAIN || followed.has(ref))
    .map(([, commit]) => commit);
  const silent = heads.flatMap((commit) =>
    CONTEXTS.filter((context) => !told.has(`${commit} ${context}`)).map(
      (context) => `6 statuses: no ${context} of ${commit}`,
    ),
  );
  const tried = [...ports.rollouts.rows.values()].flatMap(({ id, attempt }) =>
    attempt > 1 + history.asked ? [`6 statuses: rollout ${id} was tried ${attempt} times, and nobody asked`] : [],
  );
  return [...breaches, ...silent, ...tried];
};

const wrongMessages = ({ history, machine }: World): string[] => {
  const once = 1 + machine.unsure + (machine.faults > 0 ? 1 : 0);
  return [...Map.groupBy(history.posts, ({ rollout }) => rollout)].flatMap(([rollout, posts]) =>
    posts.length > once ? [`7 Slack: ${posts.length} messages of rollout ${rollout}`] : [],
  );
};

const FORMS = [CANARY, Buffer.from(CANARY).toString('base64')];

const leakedSecrets = (world: World): string[] => {
  const { ports, history, broker } = world;
  const places: Record<string, unknown> = {
    logs: ports.log.lines,
    events: ports.events.seen,
    outcomes: [...ports.outcomes.all.values()],
    rows: tables(world).map(({ rows }) => [...rows.values()]),
    statuses: history.statuses,
    Slack: history.posts,
    'dead letters': broker.dead,
  };
  return Object.entries(places).flatMap(([place, content]) =>
    FORMS.some((form) => JSON.stringify(content).includes(form)) ? [`9 secrecy: a secret is in ${place}`] : [],
  );
};

/** Promise 10: a write's commits were each on the ref that it says they are of, whatever a webhook told. */
const strangeWrites = ({ history, repository }: World, commits: Commits): string[] => {
  const real = new Set(repository.pushed().map(([ref, commit]) => `${ref} ${commit}`));
  const told = new Set(history.writes.flatMap(({ revisions }) => revisions));
  return [...told].flatMap((revision) =>
    real.has(revision) && commits.has(revision.split(' ')[1] ?? '')
      ? []
      : [`10 authority: nobody has pushed ${revision}, and it was applied`],
  );
};

/** Promise 11, where nothing failed: an object is applied twice at most for one generation. */
const unboundedWork = ({ history, machine, broker }: World): string[] => {
  const left = broker.size() > 0 ? [`11 bounded work: ${broker.size()} messages are neither done nor dead`] : [];
  if (machine.faults > 0) return left;
  const applies = history.writes.filter(({ verb }) => verb === 'apply');
  const counted = Map.groupBy(applies, ({ application, generation, key }) => `${application} ${generation} ${key}`);
  return [
    ...left,
    ...[...counted].flatMap(([key, all]) =>
      all.length > 2 ? [`11 bounded work: ${all.length} applies of ${key}`] : [],
    ),
    ...broker.dead.map(({ body }) => `11 bounded work: a dead letter without a fault: ${body}`),
  ];
};
