import { getRequestListener } from '@hono/node-server';
import { serveThrough } from '../../fakes/serve-bare.ts';
import { createFakeSlack } from '../../fakes/slack-server.ts';

/** A POST as it came in. */
export interface Post {
  path: string;
  body: string;
  /** When it came in (ms). */
  at: number;
  /** True where the answer was a success. */
  taken: boolean;
}

type Fetch = (request: Request) => Response | Promise<Response>;

export const CHANNEL = 'C0123456';

/**
 * One loopback server for a forge's repository API (`repository`), its statuses and Slack, which notes what is posted;
 * `lists` answers GETs of its own with JSON (null: 404, undefined: not its own).
 */
export const openFront = async (
  repository: string,
  statuses: Fetch,
  slackToken: string,
  lists: (url: URL) => unknown = () => undefined,
) => {
  const posts: Post[] = [];
  const slack = createFakeSlack({ token: slackToken, channel: CHANNEL });
  const noting =
    (fetch: Fetch): Fetch =>
    async (request) => {
      const at = Date.now();
      const copy = request.clone();
      const answer = await fetch(request);
      if (request.method === 'POST') {
        posts.push({ path: new URL(request.url).pathname, body: await copy.text(), at, taken: await isTaken(answer) });
      }
      return answer;
    };
  const answerStatus = getRequestListener(noting(statuses));
  const answerSlack = getRequestListener(noting((request) => slack.app.fetch(request)));
  const front = await serveThrough(repository, (request, response) => {
    const path = request.url ?? '';
    const listed = request.method === 'GET' ? lists(new URL(path, repository)) : undefined;
    if (listed !== undefined) {
      response.writeHead(listed === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(listed ?? { message: 'Not Found' }));
      return true;
    }
    const isSlack = path.startsWith('/api/chat.');
    const isForge = ['/statuses', '/deployments', '/issues/', '/merge_requests/'].some((part) => path.includes(part));
    if (!isSlack && !isForge) return false;
    void (isSlack ? answerSlack : answerStatus)(request, response);
    return true;
  });
  const url = new URL(front.url).origin;
  return { url, slackURL: `${url}/api/`, posts, slack: slack.messages, whispers: slack.ephemeral, close: front.close };
};

/** Slack says no with status 200. */
const isTaken = async (answer: Response): Promise<boolean> =>
  answer.ok && !(await answer.clone().text()).startsWith('{"ok":false');
