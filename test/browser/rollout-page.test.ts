import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { page as layout } from '../../src/ui/layout.ts';
import { rolloutPage } from '../../src/ui/views.ts';
import { threeOfForty } from '../fakes/three-of-forty.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}, 60_000);
afterAll(() => browser?.close());

const sources = [
  {
    repository: 'https://github.com/acme/configuration-of-everything',
    ref: 'refs/heads/main',
    commit: '0123456789abcdef0123456789abcdef01234567',
  },
  { repository: 'https://charts.example.com/stable', ref: 'refs/heads/main', commit: '18.4.0', chart: 'redis' },
];

const show = async (width: number): Promise<Page> => {
  const detail = threeOfForty();
  const rollout = { ...detail.rollout, sources, moreSources: 3 };
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.setContent(String(await layout('Rollout', 'acme', rolloutPage({ ...detail, rollout }))));
  if (process.env.SCREENSHOT_DIR) {
    await page.screenshot({ path: join(process.env.SCREENSHOT_DIR, `rollout-${width}.png`) });
  }
  return page;
};

const topOf = async (page: Page, selector: string): Promise<number> =>
  (await page.locator(selector).first().boundingBox())?.y ?? expect.unreachable(selector);

describe.each([390, 1_100])('the page of a rollout in which 3 of 40 fail, %i pixels wide', (width) => {
  it('says what failed before how the rest went, names every source, and fits', async () => {
    const page = await show(width);
    expect(await page.locator('#failures li').count()).toBe(3);
    expect(await topOf(page, '#failures')).toBeLessThan(await topOf(page, '#timeline'));
    const rows = page.locator('#timeline tbody tr');
    expect(await rows.count()).toBe(40);
    expect(await rows.first().innerText()).toContain('failed');
    const text = await page.locator('#sources').innerText();
    const box = await page.locator('#sources').boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? width)).toBeLessThan(width);
    expect(text).toContain('acme/configuration-of-everything main 0123456');
    expect(text).toContain('charts.example.com/stable redis 18.4.0 and 3 more');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.close();
  });
});
