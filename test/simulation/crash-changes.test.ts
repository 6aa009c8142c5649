import { killEverywhere } from './kill-everywhere.ts';
import { SCENARIOS } from './scenarios.ts';

// Two files, so that two cores share the work.
killEverywhere(SCENARIOS.filter((_, index) => index % 2 === 1));
