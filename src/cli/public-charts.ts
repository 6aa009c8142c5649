import { createOpenCharts } from '../adapters/helm/open-charts.ts';
import { type ChartTrees, createChartTrees } from '../app/chart-trees.ts';
import { rejected } from '../domain/errors.ts';

/** Public charts, and those of this machine: nobody gives credentials to a command. */
export const publicChartTrees = (): ChartTrees => {
  const openCharts = createOpenCharts({
    secrets: { read: (name) => Promise.reject(rejected('secret-missing', `${name}: there are no secrets here`)) },
    clock: Date.now,
    allowInsecure: true,
  });
  const blobs = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };
  return createChartTrees({ openCharts, blobs, later: '' });
};
