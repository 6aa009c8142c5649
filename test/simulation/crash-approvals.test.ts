import { APPROVALS } from './approvals.ts';
import { killEverywhere } from './kill-everywhere.ts';

killEverywhere(APPROVALS);
