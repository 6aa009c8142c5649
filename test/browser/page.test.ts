import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTowline, startTowline, stateFolder } from '../e2e/harness/towline.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const state = stateFolder();
let towline: RunningTowline;
let url = '';
let gitURL = '';

beforeAll(async () => {
  towline = startTowline(['demo', '--json', '--port', '0', '--state', state.path]);
  const ready = await towline.ready();
  url = ready.url;
  gitURL = String(ready.gitURL);
  const isSuccess = ({ state: end }: { state: string }): boolean => end === 'success';
  const first = await towline.next('rollout', isSuccess);
  await towline.next('rollout', (line) => isSuccess(line) && line.commit !== first.commit);
}, 90_000);

afterAll(async () => {
  await towline.end();
  state.cleanUp();
}, 20_000);

const push = (text: string): void => {
  const dir = join(state.path, 'clone');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { stdio: 'ignore' });
  git('clone', '--quiet', gitURL, dir);
  execFileSync('sed', ['-i', `s/GREETING: .*/GREETING: ${text}/`, join(dir, 'workloads/api/base/config.yaml')]);
  git('-C', dir, 'commit', '--quiet', '--all', '--message', 'Change');
  git('-C', dir, 'push', '--quiet', 'origin', 'HEAD:main');
};

describe('the first page', () => {
  it('shows applications and rollouts, and a push without a reload', async () => {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
      const errors: string[] = [];
      page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
      page.on('pageerror', (error) => void errors.push(error.message));
      await page.goto(url);
      expect(await page.locator('#applications tbody tr').count()).toBe(6);
      expect(await page.locator('#applications').innerText()).toContain('Healthy');
      const link = page.locator('#applications a').nth(2);
      await link.focus();
      const focused = await link.getAttribute('href');
      const rollouts = await page.locator('#rollouts tbody tr').count();
      push('from the browser test');
      await page.locator(`#rollouts tbody tr:nth-child(${rollouts + 1})`).waitFor();
      await page.locator('#rollouts tbody tr:first-child .good').waitFor();
      // Whoever goes through the page by keyboard stays where he is when it is drawn anew.
      expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(focused);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.locator('input[name=q]').fill('api-');
      await page.keyboard.press('Enter');
      await page.waitForURL(/[?]q=api-/);
      await page.locator('#applications').waitFor();
      expect(await page.locator('#applications tbody tr').count()).toBe(2);
      await page.locator('#rollouts tbody tr:first-child a').click();
      await page.locator('#timeline tbody tr').first().waitFor();
      expect(await page.locator('#timeline').innerText()).toContain('workloads/api/base/config.yaml changed');
      await page.goto(`${url}/applications/argocd/api-dev`);
      expect(await page.locator('#objects').innerText()).toContain('Deployment');
      if (process.env.SCREENSHOT) {
        await page.setViewportSize({ width: 1100, height: 900 });
        await page.goto(url);
        await page.screenshot({ path: process.env.SCREENSHOT });
      }
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
