import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGitRepository } from '../../src/adapters/git/repository.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';
import { serveBare, serveThrough } from '../fakes/serve-bare.ts';
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

repositoryContract('git, smart HTTP', {
  sha256: true,
  large: true,
  open: async ({ directory }) => {
    const served = await serveBare(directory);
    return openAt(served.url, served.close);
  },
});

repositoryContract('git, a server that does not speak protocol version 2', {
  sha256: true,
  open: async ({ directory }) => {
    const served = await serveBare(directory);
    const old = await serveThrough(served.url, ({ headers }) => {
      delete headers['git-protocol'];
      return false;
    });
    const close = async () => {
      await old.close();
      await served.close();
    };
    return openAt(old.url, close);
  },
});

repositoryContract('git, a server that takes names of refs', {
  sha256: true,
  open: async (bare) => {
    await bare.git('config', 'uploadpack.allowRefInWant', 'true');
    const served = await serveBare(bare.directory);
    return openAt(served.url, served.close);
  },
});
