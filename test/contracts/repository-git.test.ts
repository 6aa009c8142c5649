import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGitRepository } from '../../src/adapters/git/repository.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { repositoryContract } from './repository-suite.ts';

const openAt = async (url: string, more: () => Promise<void> = async () => {}) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'towline-cache-'));
  const repository = createGitRepository({
    url,
    cacheDir,
    allowInsecure: true,
    log: createMemoryLog(),
    newId: randomUUID,
    searchPath: process.env.PATH,
  });
  const close = async () => {
    repository.close();
    await more();
    await rm(cacheDir, { recursive: true, force: true });
  };
  return { repository, close };
};

repositoryContract('git, path', { sha256: true, open: ({ directory }) => openAt(directory) });
