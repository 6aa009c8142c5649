import { type AffectedApplication, inspectApplication, type PlannedSource } from '../app/plan/inspect-application.ts';
import { readContents } from '../app/plan/request-renders.ts';
import type { TreeReader } from '../app/plan/tree-reader.ts';
import { renderBundle } from '../app/render-bundle.ts';
import { AppError } from '../domain/errors.ts';
import type { FleetDocument } from '../domain/fleet/read-fleet-files.ts';
import type { CompiledApplication } from '../domain/fleet/snapshot.ts';
import { type KubernetesObject, parseApiVersion, refOf } from '../domain/kubernetes-object.ts';
import { checkProjectNamespace } from '../domain/registry/check-registration.ts';
import {
  isRegisteredKind,
  registeredPrefix,
  registeredText,
  registrationId,
} from '../domain/registry/registration-row.ts';
import { type Bundle, makeBundle } from '../domain/sources/bundle.ts';
import { stableDigest } from '../domain/stable-digest.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { mentionsFleetKinds } from './fleet-files.ts';
import { findWritten, type Written } from './written-documents.ts';

/** A document that an application delivers to the control plane, and where somebody wrote it. */
export interface DeliveredDocument extends FleetDocument {
  registeredBy: string;
  written: Written;
}

/** What one application delivers to the control plane. */
export interface Delivery {
  documents: DeliveredDocument[];
  /** Those that would be refused there, and why. */
  refused: (Pick<DeliveredDocument, 'path' | 'written'> & { reason: string })[];
  /** Files that Kustomize makes these from: no whole documents themselves. */
  consumed: string[];
  /** Why it cannot be told. */
  error?: { code: string; message: string };
}

export interface Deliveries {
  /** What an application delivers, as its sources stand now. */
  of(application: CompiledApplication, trees: TreeReader): Promise<Delivery>;
}

const NOTHING: Delivery = { documents: [], refused: [], consumed: [] };

/** Renders applications for the Argo CD kinds in them; each render once. Those that mention no such kind are not rendered. */
export const createDeliveries = (deps: { sandbox: Sandbox }): Deliveries => {
  const known = new Map<string, Promise<Delivery>>();
  return {
    of: async (application, trees) => {
      const inspected = await inspect(application, trees);
      if (inspected.error) return { ...NOTHING, error: inspected.error };
      const keys = inspected.sources.map(({ renderKey }) => renderKey);
      const key = stableDigest([application.id, application.destination.namespace, ...keys]);
      const found = known.get(key) ?? deliver(deps, application, inspected.sources);
      known.set(key, found);
      return found;
    },
  };
};

/** What cannot be reached now is as unknown as what is not there. */
const inspect = async (
  application: CompiledApplication,
  trees: TreeReader,
): Promise<Pick<AffectedApplication, 'sources' | 'error'>> => {
  try {
    // What is wrong with the documents that it delivers is said of each of them.
    const { error, sources } = await inspectApplication({ trees, toolVersions: {} }, withoutProblems(application), '');
    return sources.length > 0 || !error ? { sources } : { sources, error };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { sources: [], error: { code: error.code, message: error.message } };
  }
};

const withoutProblems = (application: CompiledApplication): CompiledApplication => ({ ...application, problems: [] });

const deliver = async (
  deps: { sandbox: Sandbox },
  application: CompiledApplication,
  sources: readonly PlannedSource[],
): Promise<Delivery> => {
  const delivery: Delivery = { documents: [], refused: [], consumed: [] };
  for (const source of sources) {
    const bundle = makeBundle(source.inspection, await readContents(source));
    if (!mentionsKinds(bundle)) continue;
    const result = await renderBundle(deps)(bundle);
    if (!result.ok) return { ...NOTHING, error: result.error };
    for (const [index, object] of result.objects.entries()) {
      if (!isRegisteredKind({ ...parseApiVersion(object.apiVersion), kind: object.kind })) continue;
      add(delivery, application, { object, written: findWritten(bundle, object, result.origins?.[index]) });
    }
    if (bundle.render.tool === 'kustomize') {
      delivery.consumed.push(...delivery.documents.map(({ written }) => written.file));
    }
  }
  return delivery;
};

const mentionsKinds = ({ files }: Bundle): boolean =>
  Object.values(files).some((file) => 'text' in file && mentionsFleetKinds(file.text));

const add = (
  delivery: Delivery,
  { id, destination }: CompiledApplication,
  { object, written }: { object: KubernetesObject; written: Written },
): void => {
  const placed = inNamespace(object, destination.namespace);
  const text = registeredText(placed);
  const document = {
    path: `${registeredPrefix(id)}${registrationId(refOf(placed))}`,
    digest: stableDigest(text),
    text,
    registeredBy: id,
    written,
  };
  const reason = checkProjectNamespace(placed);
  if (reason === undefined) delivery.documents.push(document);
  else delivery.refused.push({ ...document, reason });
};

const inNamespace = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace || namespace || 'default' },
});
