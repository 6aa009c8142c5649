import type { TreeNode } from '../../adapters/git/tree-node.ts';

export interface ChangedFiles {
  added: string[];
  modified: string[];
  removed: string[];
}

/** The files that differ between two trees, by path; directories with one id are not entered. */
export const changedFiles = (before: TreeNode | undefined, after: TreeNode | undefined): ChangedFiles => {
  const changes: ChangedFiles = { added: [], modified: [], removed: [] };
  compare(changes, '', before, after);
  return changes;
};

const compare = (changes: ChangedFiles, prefix: string, before?: TreeNode, after?: TreeNode): void => {
  const names = new Set([...(before?.entries.keys() ?? []), ...(after?.entries.keys() ?? [])]);
  for (const name of names) {
    const [old, now] = [before?.entries.get(name), after?.entries.get(name)];
    if (old?.digest === now?.digest && old?.mode === now?.mode) continue;
    const path = prefix + name;
    const [oldTree, nowTree] = [before?.children.get(name), after?.children.get(name)];
    if (oldTree || nowTree) compare(changes, `${path}/`, oldTree, nowTree);
    const [wasFile, isFile] = [old !== undefined && !oldTree, now !== undefined && !nowTree];
    if (wasFile && isFile) changes.modified.push(path);
    else if (isFile) changes.added.push(path);
    else if (wasFile) changes.removed.push(path);
  }
};
