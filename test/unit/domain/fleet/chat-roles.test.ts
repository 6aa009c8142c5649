import { describe, expect, it } from 'vitest';
import { type ChatRoles, chatRefusal } from '../../../../src/domain/fleet/chat-roles.ts';

const roles: ChatRoles = {
  U0ALICE: 'operator',
  U0BOB: 'viewer',
  U0CAROL: { payments: 'operator', '*': 'viewer' },
  U0DAVE: { payments: 'viewer', '*': 'operator' },
};

describe('what a user of the chat may change', () => {
  it.each([
    ['U0ALICE', ['payments', 'search'], true],
    ['U0ALICE', [], true],
    ['U0BOB', ['payments'], false],
    ['U0CAROL', ['payments', 'payments'], true],
    ['U0CAROL', ['payments', 'search'], false],
    ['U0CAROL', [], false],
    ['U0CAROL', [''], false],
    ['U0DAVE', ['search'], true],
    ['U0DAVE', ['search', 'payments'], false],
    ['U0EVE', ['payments'], false],
    ['constructor', ['payments'], false],
    ['U0CAROL', ['constructor'], false],
  ])('%s in projects %j: %s', (user, projects, may) => {
    expect(chatRefusal(roles, user, projects) === undefined).toBe(may);
  });

  it('is nothing where nobody has a role', () => {
    expect(chatRefusal(undefined, 'U0ALICE', [])).toContain('no role');
  });

  it('is told with what is missing', () => {
    expect(chatRefusal(roles, 'U0EVE', ['payments'])).toContain('add U0EVE to slack.roles');
    expect(chatRefusal(roles, 'U0BOB', ['payments'])).toContain('As viewer you may look');
    expect(chatRefusal(roles, 'U0CAROL', ['search', 'payments', 'ads'])).toContain('no operator of ads, search,');
  });
});
