/** What somebody may do in the chat. */
export type ChatRole = 'viewer' | 'operator';

/** By user: a role for everything, or one for each project; `*` is every project that is not named. */
export type ChatRoles = Record<string, ChatRole | Record<string, ChatRole>>;

const roleIn = (given: ChatRole | Record<string, ChatRole>, project: string): ChatRole | undefined => {
  if (typeof given === 'string') return given;
  return Object.hasOwn(given, project) ? given[project] : given['*'];
};

/**
 * Why a user may not change applications of these projects, in a sentence for them; undefined: they may. Only who is operator
 * of all of them may.
 */
export const chatRefusal = (
  roles: ChatRoles | undefined,
  user: string,
  projects: readonly string[],
): string | undefined => {
  const given = roles && Object.hasOwn(roles, user) ? roles[user] : undefined;
  if (given === undefined) return `You have no role in Towline: add ${user} to slack.roles of the fleet file.`;
  const denied = [...new Set(projects)].filter((project) => roleIn(given, project) !== 'operator').toSorted();
  if (denied.length === 0 && (projects.length > 0 || given === 'operator')) return undefined;
  if (given === 'viewer') {
    return 'As viewer you may look, not change: slack.roles of the fleet file says who is operator.';
  }
  const named = denied.map((project) => project || 'an unknown project').join(', ');
  return `You are no operator of ${named || 'everything'}, which this rollout changes: slack.roles of the fleet file says who is.`;
};
