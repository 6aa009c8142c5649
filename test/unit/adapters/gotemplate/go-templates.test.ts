import { describe, expect, it } from 'vitest';
import { startGoTemplates } from '../../../../src/adapters/gotemplate/go-templates.ts';
import { loadGoTemplates } from '../../../../src/adapters/gotemplate/load-program.ts';

const render = await startGoTemplates(await loadGoTemplates());
const one = (template: string, params: Record<string, unknown> = {}, options: string[] = []) =>
  render([{ templates: [template], params, options }])[0];

describe('Go templates', () => {
  it.each([
    ['{{ .a }}', { a: 'x' }, 'x'],
    ['{{ .none }}', {}, '<no value>'],
    ['{{ .n }}', { n: 1_000_000 }, '1e+06'],
    ['{{ .name | normalize }}', { name: 'Feature/My_App!' }, 'feature-my-app'],
    ['{{ slugify .name }}', { name: 'feat/a_really long name' }, 'feat-a-really-long-name'],
    ['{{ slugify 12 .name }}', { name: 'feat/a_really long name' }, 'feat-a'],
    ['{{ slugify 12 false .name }}', { name: 'feat/a_really long name' }, 'feat-a-reall'],
    ['{{ toYaml .o }}', { o: { b: [1, 'x'] } }, 'b:\n- 1\n- x'],
    ['{{ (fromYaml .t).a }}', { t: 'a: 5' }, '5'],
    ['{{ fromYamlArray .t | join "," }}', { t: '[a, b]' }, 'a,b'],
    ['{{ .l | join "-" | upper | trunc 3 }}', { l: ['a', 'b', 'c'] }, 'A-B'],
    ['{{ if and .a (eq .b "x") }}yes{{ else }}no{{ end }}', { a: true, b: 'x' }, 'yes'],
  ])('%s of %o is %s', (template, params, expected) => {
    expect(one(template, params)).toEqual({ results: [expected] });
  });

  it.each(['env "HOME"', 'expandenv "$HOME"', 'getHostByName "localhost"'])('have no %s', (action) => {
    expect(one(`{{ ${action} }}`)).toHaveProperty('error', expect.stringContaining('not defined'));
  });

  it('tell a missing param from other failures', () => {
    expect(one('{{ .none }}', {}, ['missingkey=error'])).toMatchObject({ missingKey: true });
    expect(one('{{ fail "no" }}', {}, ['missingkey=error'])).not.toHaveProperty('missingKey');
    expect(one('{{ .a }}', {}, ['missingkey=nonsense'])).toHaveProperty('error');
  });

  it('answer one for one: a bad one spoils no other, and each has its own params and options', () => {
    const requests = [
      { templates: ['{{ .a }}', '{{ .b }}'], params: { a: '1', b: 'ü€😀' }, options: [] },
      { templates: ['{{'], params: {}, options: [] },
      { templates: ['{{ .a }}'], params: { a: '2' }, options: ['missingkey=error'] },
      { templates: ['{{ index .l 9 }}'], params: { l: [] }, options: [] },
    ];
    const answers = render(requests);
    expect(answers.map((answer) => ('results' in answer ? answer.results : 'error'))).toEqual([
      ['1', 'ü€😀'],
      'error',
      ['2'],
      'error',
    ]);
  });

  it('render thousands in one call', () => {
    const requests = Array.from({ length: 3000 }, (_one, index) => ({
      templates: ['{{ .name }}-{{ .name | sha256sum | trunc 6 }}'],
      params: { name: `app-${index}`, padding: 'x'.repeat(500) },
      options: [],
    }));
    const answers = render(requests);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(3000);
  });
});
