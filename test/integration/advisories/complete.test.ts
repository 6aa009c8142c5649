import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Advisories of systems like this one, a row for each kind of attack; GHSA ids by their first part. */
const ROWS = [
  'CVE-2024-40634 CVE-2026-42294',
  'CVE-2026-54288 CVE-2026-44456',
  'CVE-2025-59531',
  'CVE-2025-59537 CVE-2025-59538',
  'CVE-2022-24912',
  'CVE-2026-40109',
  'CVE-2026-24748 CVE-2026-27111 CVE-2026-27112 CVE-2026-28229',
  'CVE-2025-55191',
  'CVE-2022-24348 CVE-2022-24730 CVE-2022-24731 CVE-2023-40026',
  'CVE-2022-24904 CVE-2022-31036 CVE-2022-25856',
  'CVE-2025-53547',
  'CVE-2022-31016 CVE-2023-40584 CVE-2024-29893 CVE-2025-32386 CVE-2025-32387 CVE-2025-55198 CVE-2025-55199 CVE-2022-23526',
  'CVE-2022-24877 CVE-2022-24878 CVE-2026-47680 CVE-2025-62156 CVE-2025-66626',
  'CVE-2022-24817 CVE-2021-41254',
  'CVE-2025-21613 CVE-2024-3817',
  'CVE-2026-41506',
  'CVE-2026-32828 CVE-2023-25165',
  'CVE-2022-39272 CVE-2026-40886',
  'CVE-2025-23216 GHSA-274v CVE-2025-47933',
  'CVE-2026-42880 CVE-2026-45737',
  'CVE-2023-25163 CVE-2024-52009 CVE-2024-31216 GHSA-6w87',
  'CVE-2025-55190 CVE-2023-40029',
  'CVE-2024-31989',
  'CVE-2024-31990 CVE-2023-22736 CVE-2023-50726',
  'CVE-2026-23990',
];

const here = import.meta.dirname;
const attacks = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts') && name !== 'complete.test.ts')
  .map((name) => readFileSync(join(here, name), 'utf8'))
  .join('');

it.each(ROWS.map((row) => [row]))('%s: each is attempted here under its name', (row) => {
  expect(row.split(' ').filter((id) => !attacks.includes(id))).toEqual([]);
});
