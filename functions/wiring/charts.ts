import { createOpenCharts } from '../../src/adapters/helm/open-charts.ts';
import type { OpenCharts } from '../../src/ports/charts.ts';
import type { Runtime } from './runtime.ts';

/** Helm repositories and OCI registries as a deployed stack reads them: over https, at public addresses. */
export const publicCharts = ({ secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>): OpenCharts =>
  createOpenCharts({ secrets, clock, allowInsecure: false });
