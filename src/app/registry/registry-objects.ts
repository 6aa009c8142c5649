import type { ApplicationRow } from '../../domain/application-row.ts';
import { permanent } from '../../domain/errors.ts';
import { type KubernetesObject, type ResourceRef, refOf } from '../../domain/kubernetes-object.ts';
import { checkRegistration } from '../../domain/registry/check-registration.ts';
import { registeredObject } from '../../domain/registry/registered-object.ts';
import {
  outlivesDeletion,
  type RegistrationRow,
  register,
  registrationId,
  unregister,
} from '../../domain/registry/registration-row.ts';
import type { RowIndex } from '../../ports/application-index.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { DeleteOptions } from '../../ports/cluster.ts';
import type { Store } from '../../ports/store.ts';
import { updateRow } from '../update-row.ts';
import { type AnnounceDeps, announceRegistrations } from './announce.ts';

export interface RegistryDeps extends AnnounceDeps {
  registrations: Store<RegistrationRow>;
  registrationIndex: RowIndex;
  applications: Pick<Store<ApplicationRow>, 'get' | 'getMany'>;
  clock: Clock;
  newId: NewId;
}

/** Who looks at the registry or writes into it. */
export interface Delivery {
  /** Id of the application that delivers. */
  application: string;
  /** Observe mode: nothing is registered. */
  observe: boolean;
}

/** The registry as an API server would serve it: what is refused is an AppError `apply-invalid`. */
export interface RegistryObjects {
  get(ref: ResourceRef): Promise<KubernetesObject | undefined>;
  list(kind: string, namespace: string | undefined): Promise<KubernetesObject[]>;
  /** Answers with the object as it is now, or would be. */
  write(object: KubernetesObject, options: { dryRun?: boolean }): Promise<KubernetesObject>;
  /** False: there was none. */
  remove(ref: ResourceRef, options: DeleteOptions | undefined): Promise<boolean>;
  /** Has the fleet compiled with what was written. */
  flush(): Promise<void>;
}

/** The registry for one application's deliveries. */
export const registryObjects = (deps: RegistryDeps, delivery: Delivery): RegistryObjects => {
  let changed = false;
  return {
    get: (ref) => read(deps, ref, delivery),
    list: (kind, namespace) => listAll(deps, kind, namespace, delivery),
    write: async (object, { dryRun = false }) => {
      const invalid = checkRegistration(object);
      if (invalid !== undefined) throw permanent('apply-invalid', invalid, { details: { causes: [] } });
      const { row, isNew } = await put(deps, object, delivery, dryRun);
      changed ||= isNew;
      return (await present(deps, row, delivery)) ?? object;
    },
    remove: async (ref, options) => {
      const { found, isNew } = await remove(deps, ref, delivery, options);
      changed ||= isNew;
      return found;
    },
    flush: async () => {
      if (changed) await announceRegistrations(deps);
      changed = false;
    },
  };
};

const refuseInObserveMode = ({ observe }: Delivery, what: string): void => {
  if (observe) throw permanent('observe-mode', `observe mode: ${what} was not registered`);
};

/** Registers an object; with `dryRun` the row as it would be. `isNew`: the fleet has to be compiled with it. */
const put = async (
  deps: RegistryDeps,
  object: KubernetesObject,
  delivery: Delivery,
  dryRun: boolean,
): Promise<{ row: RegistrationRow; isNew: boolean }> => {
  const id = registrationId(refOf(object));
  const delivered = { id, object, parent: delivery.application, uid: deps.newId(), now: deps.clock() };
  const known = await deps.registrations.get(id);
  const next = register(known, delivered);
  if (!next) return { row: known ?? register(undefined, delivered) ?? EMPTY, isNew: known?.due !== undefined };
  if (dryRun) return { row: next, isNew: false };
  refuseInObserveMode(delivery, id);
  const saved = (await updateRow(deps.registrations, id, (row) => register(row, delivered))) ?? next;
  return { row: saved, isNew: saved.due !== undefined };
};

const EMPTY: RegistrationRow = { id: '', version: 0, parent: '', uid: '', createdAt: 0, digest: '' };

const present = async (
  deps: RegistryDeps,
  row: RegistrationRow,
  delivery: Delivery,
): Promise<KubernetesObject | undefined> => {
  const child = row.object?.kind === 'Application' ? await deps.applications.get(childOf(row)) : undefined;
  return presentAs(deps, row, child, delivery);
};

const presentAs = (
  { clock }: RegistryDeps,
  row: RegistrationRow,
  child: ApplicationRow | undefined,
  { application }: Delivery,
): KubernetesObject | undefined => registeredObject(row, { child, isSelf: childOf(row) === application, now: clock() });

const childOf = ({ object }: RegistrationRow): string => `${object?.metadata.namespace ?? ''}/${object?.metadata.name}`;

const read = async (
  deps: RegistryDeps,
  ref: ResourceRef,
  delivery: Delivery,
): Promise<KubernetesObject | undefined> => {
  const row = await deps.registrations.get(registrationId(ref));
  return row && present(deps, row, delivery);
};

const listAll = async (
  deps: RegistryDeps,
  kind: string,
  namespace: string | undefined,
  delivery: Delivery,
): Promise<KubernetesObject[]> => {
  const found: KubernetesObject[] = [];
  for await (const ids of deps.registrationIndex.all()) {
    const rows = await deps.registrations.getMany(ids.filter((id) => id.startsWith(`${kind} `)));
    const here = rows.filter(({ object }) => namespace === undefined || object?.metadata.namespace === namespace);
    const children = kind === 'Application' ? await deps.applications.getMany(here.map(childOf)) : [];
    const byId = new Map(children.map((child) => [child.id, child]));
    found.push(...here.flatMap((row) => presentAs(deps, row, byId.get(childOf(row)), delivery) ?? []));
  }
  return found;
};

/** `isNew`: the fleet has to be compiled without it. Preconditions are held as an API server holds them. */
const remove = async (
  deps: RegistryDeps,
  ref: ResourceRef,
  delivery: Delivery,
  { uid, dryRun }: DeleteOptions = {},
): Promise<{ found: boolean; isNew: boolean }> => {
  const id = registrationId(ref);
  const known = await deps.registrations.get(id);
  if (!known?.object || (uid !== undefined && known.uid !== uid)) return { found: false, isNew: false };
  if (dryRun) return { found: true, isNew: false };
  refuseInObserveMode(delivery, id);
  const saved = await updateRow(deps.registrations, id, (row) => row && unregister(row, deps.clock()));
  return {
    found: saved !== undefined || outlivesDeletion(known),
    isNew: saved !== undefined || known.due !== undefined,
  };
};
