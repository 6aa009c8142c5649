import type { BundleFile, DirectoryRequest, RenderResult } from './bundle.ts';

/** Reads a Directory source's manifests into objects. */
export const readManifests = (
  _files: Readonly<Record<string, BundleFile>>,
  _request: DirectoryRequest,
): RenderResult => ({ ok: true, objects: [] });
