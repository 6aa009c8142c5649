import type { AppProject } from './project.ts';

const ROLE_NAME = /^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const RESOURCES = ['applications', 'applicationsets', 'repositories', 'exec', 'logs', 'clusters'];
const ACTIONS = ['get', 'create', 'update', 'delete', 'sync', 'override', '*'];
const ACTION_PATTERN = /^(?:action|update|delete)\/./;
const OBJECT_PART = '[*\\w.-]+';

/** What is wrong with a project's roles (names, groups, policies, duplicates); undefined: nothing. */
export const rolesError = ({ name: project, roles }: AppProject): string | undefined => {
  const seen = new Set<string>();
  for (const role of roles) {
    if (seen.has(role.name)) return `role '${role.name}' already exists`;
    seen.add(role.name);
    if (!ROLE_NAME.test(role.name)) {
      return `invalid role name '${role.name}': use letters, digits, '-' and '_', and end with a letter or digit`;
    }
    const error = policiesError(project, role.name, role.policies ?? []) ?? groupsError(role.name, role.groups ?? []);
    if (error) return error;
  }
  return undefined;
};

const policiesError = (project: string, role: string, policies: readonly string[]): string | undefined => {
  for (const [index, policy] of policies.entries()) {
    if (policies.indexOf(policy) !== index) return `policy '${policy}' already exists for role '${role}'`;
    const error = policyError(project, role, policy);
    if (error) return `invalid policy rule '${policy}': ${error}`;
  }
  return undefined;
};

const policyError = (project: string, role: string, policy: string): string | undefined => {
  const parts = policy.split(',').map((part) => part.trim());
  const [type, subject, resource = '', action = '', object = '', effect] = parts;
  if (parts.length !== 6 || type !== 'p') return "must be of the form: 'p, sub, res, act, obj, eft'";
  const expected = `proj:${project}:${role}`;
  if (subject !== expected) return `policy subject must be: '${expected}', not '${subject}'`;
  if (!RESOURCES.includes(resource)) {
    return `project resource must be: ${RESOURCES.map((one) => `'${one}'`).join(', ')}, not '${resource}'`;
  }
  if (!isPolicyAction(action)) return `invalid action '${action}'`;
  if (!isPolicyObject(project, object)) {
    return `object must be of form '${project}/*', '${project}[/<NAMESPACE>]/<APPNAME>' or '${project}/<APPNAME>', not '${object}'`;
  }
  if (effect !== 'allow' && effect !== 'deny') return `effect must be: 'allow' or 'deny', not '${effect}'`;
  return undefined;
};

/** Whether an action may stand in a project role's policy: `get`, `*`, `update/apps/Deployment/*`, `action/…`. */
export const isPolicyAction = (action: string): boolean => ACTIONS.includes(action) || ACTION_PATTERN.test(action);

/** Whether an object may stand in a policy of the project: `project/name`, `project/namespace/name`, `*` within. */
export const isPolicyObject = (project: string, object: string): boolean => {
  if (!object.startsWith(`${project}/`)) return false;
  return new RegExp(`^${OBJECT_PART}(?:/${OBJECT_PART})?$`).test(object.slice(project.length + 1));
};

const groupsError = (role: string, groups: readonly string[]): string | undefined => {
  for (const [index, group] of groups.entries()) {
    if (groups.indexOf(group) !== index) return `group '${group}' already exists for role '${role}'`;
    const error = groupNameError(group);
    if (error) return error;
  }
  return undefined;
};

/** What is wrong with the name of a group; undefined: nothing. A name in double quotes may hold commas. */
export const groupNameError = (name: string): string | undefined => {
  const quoted = /^"(.*)"$/s.exec(name)?.[1];
  if (quoted !== undefined) return quoted === '' || /["\n\r\t]/.test(quoted) ? invalidGroup(name) : undefined;
  return name === '' || name !== name.trim() || /[",\n\r\t]/.test(name) ? invalidGroup(name) : undefined;
};

const invalidGroup = (name: string): string =>
  `invalid group name '${name}': it may not be empty, begin or end with a space, or hold commas, quotes or line breaks`;
