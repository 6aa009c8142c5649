import type { NewId } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Repository } from '../../ports/repository.ts';

export interface GitRepositoryOptions {
  /** `https://…`; in local mode also `http://…`, `file://…` and absolute paths. Without user or password. */
  url: string;
  /** The token, or JSON `{"username": …, "password": …}`; asked before every fetch, so a rotated one is taken up. */
  credential?: (() => Promise<string | undefined>) | undefined;
  /** Directory under which the bare cache repository lives; made when it is not there. */
  cacheDir: string;
  log: Log;
  /** Local mode: http, loopback hosts and file paths are allowed. */
  allowInsecure: boolean;
  newId: NewId;
  /** `PATH` to look for git in; default: the usual places. */
  searchPath?: string | undefined;
}

export type GitRepository = Repository & { close(): void };

/** Opens a repository. */
export declare const createGitRepository: (options: GitRepositoryOptions) => GitRepository;
