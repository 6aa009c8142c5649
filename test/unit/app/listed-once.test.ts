import { describe, expect, it } from 'vitest';
import { listedOnce } from '../../../src/app/listed-once.ts';
import { transient } from '../../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../../src/domain/fleet/fleet-file.ts';
import { createMemoryRepository } from '../../fakes/memory-repository.ts';

const config: RepositoryConfig = { url: 'https://git.example.com/acme/fleet', forge: 'github' };

describe('a listing for all parts of a poll', () => {
  it('is asked for once, and anew by the next poll', async () => {
    const repository = createMemoryRepository();
    const commit = repository.commit('refs/heads/main', { a: '1' });
    const { openRepository, forget } = listedOnce(() => repository);
    const list = async () => (await openRepository(config).listRefs()).get('refs/heads/main');
    expect([await list(), await list()]).toEqual([commit, commit]);
    expect(repository.calls.listRefs).toBe(1);
    const next = repository.commit('refs/heads/main', { a: '2' });
    forget();
    expect(await list()).toBe(next);
  });

  it('that failed fails for all, without another request', async () => {
    let asked = 0;
    const repository = {
      ...createMemoryRepository(),
      listRefs: () => {
        asked += 1;
        return Promise.reject(transient('repository-unreachable', 'down'));
      },
    };
    const { openRepository } = listedOnce(() => repository);
    for (let time = 0; time < 2; time++) {
      await expect(openRepository(config).listRefs()).rejects.toMatchObject({ code: 'repository-unreachable' });
    }
    expect(asked).toBe(1);
  });
});
